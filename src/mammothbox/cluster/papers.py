"""What kind of paper a text is, by the words such papers have: cues, counted.

An embedding says what a text is about; a receipt for flowers and an invoice for flowers are about
the same. What a person files by is the kind, and kinds betray themselves by their wording, in
any picture of them too. Knows nothing of folders; `topics` says what the kinds are called.

Example:
    >>> max(kinds_of("Cashier: Ann. 2 x milk. Total 3.10, cash 5.00, change 1.90").items(),
    ...     key=lambda found: found[1])[0]
    'Receipts'
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import cache, lru_cache

_WORD = re.compile(r"\w+")

FEWEST = 2
"""Cues of one kind that a text must have before they say anything."""

_CUES = """
Receipts: cashier, change, cash, qty, receipt, subtotal, rounding, item, items, thank you,
 please come again, visa, mastercard, debit, tax invoice, gst, sst, till, goods sold, card,
 total sales, kassenbon, quittung, bar, rückgeld, ticket de caisse, tunai, exchange, refund, disc
Invoices: invoice number, invoice no, invoice date, invoice, bill to, billing address, ship to,
 sold by, order id, order date, order number, due date, amount due, payment terms, vat number, iban,
 bic, unit price, purchase order, account number, rechnung, rechnungsnummer, facture,
 factuur, factuurnummer, factuurdatum, bestelnummer, btw, fattura, factura, faktura, tva,
 customer number, tax invoice, hsn, payment voucher, discount, total ht, net amount, gross amount
Bank statements: statement, opening balance, closing balance, balance, deposit, deposits,
 withdrawal, withdrawals, account number, transaction, transactions, debit, credit, kontoauszug
Payslips: payslip, gross pay, net pay, salary, national insurance, deductions, employee, pay period
Tax: tax return, taxable income, tax year, tax office, deductions, income tax, steuerbescheid
Insurance: insurance, policy number, policyholder, premium, coverage, claim, insured, insurer
Contracts: agreement, contract, party, parties, hereinafter, herein, hereby, clause, terminate,
 termination, liability, governing law, shall, tenant, landlord, lessee, employer, signed, vertrag
Letters: dear, sincerely, faithfully, yours, regards, i am writing, sir or madam,
 look forward, hope this letter, enclosed, sehr geehrte, mit freundlichen grüßen, cher, cordialement
Meeting minutes: minutes, present, apologies, agenda, action, attendees, meeting, next meeting,
 any other business, agreed, chair, protokoll
Recipes: serves, ingredients, tablespoon, teaspoon, tbsp, tsp, oven, stir, simmer, bake, boil, chop,
 salt, pepper, flour, butter, garlic, onion, cup, cups, preheat, minutes, zutaten, recipe
Source code: import, def, class, return, self, function, const, var, int, void, include, public,
 static, print, null, none, elif, endif, module, python, javascript, argparse, struct, args
Logs: error, warning, info, debug, exception, traceback, timestamp
Research papers: abstract, introduction, references, et al, we propose, we show, method, methods,
 results, conclusion, figure, table, theorem, lemma, proof, arxiv, doi, university, journal, cite
Manuals: install, installation, manual, step, press, button, warning, user guide, troubleshooting,
 instructions, settings, click, configure, device, warranty
Applications: curriculum vitae, resume, work experience, education, skills, references, languages
Certificates: certificate, certify, awarded, diploma, completion, hereby, conferred
Medical records: patient, diagnosis, doctor, physician, treatment, medication, symptoms,
 blood, hospital, clinic, dosage, prescription
Travel bookings: booking, reservation, check-in, check-out, guest, passenger, flight, departure,
 arrival, hotel, itinerary, boarding, gate, seat, confirmation, nights, airline
Forms: date of birth, first name, last name, surname, please print, signature, tick, checkbox,
 fill in, applicant, telephone, block letters
Menus: starters, main courses, mains, desserts, appetizers, beverages, wine list, sides, soups
Stories: said, chapter, once upon a time, whispered, replied, cried, asked
Lyrics: chorus, verse, refrain, oh, baby, yeah
"""


_LONGEST = 4
"""Words of the longest cue."""
_REMEMBERED = 1 << 15


@cache
def _table() -> Mapping[str, tuple[str, ...]]:
    """Cue, words parted by one space → the kinds it speaks for."""
    found: dict[str, tuple[str, ...]] = {}
    for line in _CUES.strip().replace("\n ", " ").splitlines():
        kind, cues = line.split(":", 1)
        for cue in cues.split(","):
            words = " ".join(_WORD.findall(cue.lower()))
            found[words] = (*found.get(words, ()), kind)
    return found


@lru_cache(_REMEMBERED)
def kinds_of(text: str) -> Mapping[str, float]:
    """Kind → share of all cues found, of kinds that show at least `FEWEST`; empty for none.

    Different cues count, not how often one comes, so that a long text weighs like a short one.
    """
    table, words = _table(), _WORD.findall(text.lower())
    runs = {
        " ".join(words[start : start + length])
        for length in range(1, _LONGEST + 1)
        for start in range(len(words) - length + 1)
    }
    found = Counter(kind for cue in runs & table.keys() for kind in table[cue])
    counts = {kind: count for kind, count in sorted(found.items()) if count >= FEWEST}
    total = sum(counts.values())
    return {kind: count / total for kind, count in counts.items()}


def main_kind(text: str) -> str:
    """The kind that more than half of a text's cues speak for; empty for none."""
    kinds = kinds_of(text)
    best = max(kinds, key=lambda kind: kinds[kind], default="")
    return best if kinds.get(best, 0.0) > 0.5 else ""

"""How the shipped eyes were made: features, joint space, captioner, export. See README.md here."""

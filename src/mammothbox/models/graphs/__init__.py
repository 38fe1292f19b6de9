"""Builders that turn published weights into ONNX graphs, without the frameworks they came from."""

"""Fewer bits for the numbers of a live model: number formats, quantizers, and what they do to its answers.

Importing this package costs nothing; each part is a module. Reference: Jacob et al. 2018, "Quantization and Training
of Neural Networks for Efficient Integer-Arithmetic-Only Inference" (arXiv:1712.05877).
"""

"""Alignment between modalities: paired data, a dual encoder, contrastive losses, what broken pairs do, fusion.

Importing this package costs nothing; each part is a module. Reference: Radford et al. 2021, "Learning Transferable
Visual Models From Natural Language Supervision" (arXiv:2103.00020).
"""

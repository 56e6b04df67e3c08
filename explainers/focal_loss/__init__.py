"""Loss functions for classification under imbalance: formulas, examples worked by hand, and who owns a batch's loss.

Importing this package costs nothing; each part is a module: `losses`, `byhand`, `budget`, `scores`.
Reference: Lin et al. 2017, "Focal Loss for Dense Object Detection" (arXiv:1708.02002).
"""

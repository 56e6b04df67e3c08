"""Word vectors: Word2Vec, GloVe and FastText of one corpus, the official GloVe, a reader's own files.

Importing this package costs numpy only; gensim, numba and umap are imported by what needs them. References: Mikolov
et al. 2013 (arXiv:1301.3781, 1310.4546), Pennington et al. 2014 (doi:10.3115/v1/D14-1162), Bojanowski et al. 2017
(arXiv:1607.04606).
"""

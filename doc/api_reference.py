"""The API reference, by task: pages, their sections, and the public names in them.

``conf.py`` writes one page for each entry of ``API_REFERENCE``; a test compares the names with
everything that is public.
"""

API_REFERENCE = [
    {
        "page": "measure_hubness",
        "title": "Measure hubness",
        "intro": "How often is each sample a neighbour, and is that more uneven than chance?",
        "sections": [
            {
                "title": "Report and score",
                "module": "metrics",
                "entries": ["hubness_report", "hubness_score", "hubness_null", "bad_hubness_score"],
            },
            {
                "title": "Occurrence counts",
                "module": "metrics",
                "entries": ["k_occurrence", "k_occurrence_from_indices"],
            },
            {
                "title": "Measures of occurrence counts",
                "module": "metrics",
                "entries": [
                    "antihub_rate",
                    "atkinson_index",
                    "gini_index",
                    "groupie_ratio",
                    "hub_entropy",
                    "hub_occurrence",
                    "hub_rate",
                    "k_skewness",
                    "robin_hood_index",
                ],
            },
            {
                "title": "Figures",
                "module": "inspection",
                "entries": ["HubRankDisplay", "KOccurrenceDisplay"],
            },
        ],
    },
    {
        "page": "reduce_hubness",
        "title": "Reduce hubness",
        "intro": "Repair the vectors, or repair the neighbour graph.",
        "sections": [
            {
                "title": "From vectors to vectors",
                "module": "preprocessing",
                "entries": [
                    "AllButTheTop",
                    "Centering",
                    "NormalScoreTransformer",
                    "RowStandardizer",
                    "ZipfianWhitening",
                ],
            },
            {
                "title": "From graph to graph: scaling",
                "module": "hubness",
                "entries": ["CSLS", "LocalScaling", "MutualProximity", "NICDM"],
            },
            {
                "title": "From graph to graph: centrality and banks of queries",
                "module": "hubness",
                "entries": [
                    "DisSimGlobal",
                    "DisSimLocal",
                    "InvertedSoftmax",
                    "LocalizedCentering",
                    "NearestNeighborNormalization",
                    "SinkhornNormalization",
                ],
            },
            {
                "title": "From graph to graph: shared neighbours",
                "module": "hubness",
                "entries": ["SharedNearestNeighbors", "SimhubSimilarity"],
            },
            {
                "title": "A reduction of your own",
                "module": "hubness",
                "entries": ["GraphReduction"],
            },
        ],
    },
    {
        "page": "neighbors",
        "title": "Search and classify with reduced hubness",
        "intro": "Vectors in; neighbours, classes or values out.",
        "sections": [
            {
                "title": "Search",
                "module": "neighbors",
                "entries": [
                    "HubnessReducedKNeighborsTransformer",
                    "HubnessReducedNearestNeighbors",
                    "candidate_report",
                ],
            },
            {
                "title": "Classification and regression",
                "module": "neighbors",
                "entries": [
                    "HubnessReducedKNeighborsClassifier",
                    "HubnessReducedKNeighborsRegressor",
                    "HubnessWeightedKNeighborsClassifier",
                    "NadarayaWatsonClassifier",
                ],
            },
        ],
    },
    {
        "page": "compare_representations",
        "title": "Compare representations",
        "intro": "Do two models represent the same samples alike?",
        "sections": [
            {
                "title": "Kernels and distances",
                "module": "metrics",
                "entries": [
                    "cka_distance",
                    "cka_score",
                    "distance_correlation_score",
                    "rsa_score",
                    "rsm_norm_distance",
                ],
            },
            {
                "title": "Subspaces",
                "module": "metrics",
                "entries": [
                    "canonical_correlations",
                    "cca_score",
                    "gulp_distance",
                    "pls_svd_score",
                    "pwcca_score",
                    "svcca_score",
                ],
            },
            {
                "title": "Alignment",
                "module": "metrics",
                "entries": [
                    "correlation_matching_score",
                    "linear_predictivity_score",
                    "mean_correlation_coefficient",
                    "permutation_distance",
                    "procrustes_distance",
                    "procrustes_score",
                    "riemannian_distance",
                    "shape_distance",
                    "soft_matching_distance",
                ],
            },
            {
                "title": "Neighbourhoods",
                "module": "metrics",
                "entries": [
                    "information_imbalance",
                    "jaccard_knn_score",
                    "mutual_knn_score",
                    "rank_similarity_score",
                    "second_order_cosine_score",
                ],
            },
            {
                "title": "Outputs",
                "module": "metrics",
                "entries": [
                    "disagreement_rate",
                    "error_consistency_score",
                    "jensen_shannon_distance",
                    "jensen_shannon_divergence",
                    "minmax_normalized_disagreement",
                ],
            },
            {
                "title": "Many models, streams, chance",
                "module": "metrics",
                "entries": [
                    "DegenerateSimilarityWarning",
                    "SimilarityAccumulator",
                    "cross_similarity",
                    "null_calibrated_score",
                    "pairwise_similarity",
                    "permutation_test_similarity",
                    "similarity_interval",
                ],
            },
            {
                "title": "Figures",
                "module": "inspection",
                "entries": ["SimilarityMatrixDisplay"],
            },
        ],
    },
    {
        "page": "representation_quality",
        "title": "Judge one representation",
        "intro": "Dimension, spread and geometry of a single space.",
        "sections": [
            {
                "title": "Spectrum",
                "module": "metrics",
                "entries": [
                    "effective_rank",
                    "isoscore",
                    "matrix_nuclear_norm",
                    "participation_ratio",
                    "rankme_score",
                    "stable_rank",
                    "vendi_score",
                    "von_neumann_entropy",
                ],
            },
            {
                "title": "Geometry",
                "module": "metrics",
                "entries": [
                    "alignment",
                    "anisotropy",
                    "intrinsic_dimension",
                    "neural_collapse",
                    "uniformity",
                ],
            },
        ],
    },
    {
        "page": "align",
        "title": "Align representations",
        "intro": "Map one representation onto another, or both onto common coordinates.",
        "sections": [
            {
                "title": "Aligners",
                "module": "alignment",
                "entries": [
                    "CCAAligner",
                    "LinearAligner",
                    "PermutationAligner",
                    "ProcrustesAligner",
                ],
            },
            {
                "title": "Common coordinates",
                "module": "preprocessing",
                "entries": ["RelativeRepresentation"],
            },
        ],
    },
    {
        "page": "identifiability",
        "title": "Closeness in distribution",
        "intro": "Which distances between distributions imply similar representations?",
        "sections": [
            {
                "title": "Distances between distributions",
                "module": "metrics",
                "entries": [
                    "DistributionAccumulator",
                    "aligned_log_probabilities",
                    "diversity",
                    "identifiability_map",
                    "kl_divergence",
                    "linear_identifiability_distance",
                    "log_likelihood_variance_distance",
                    "log_likelihood_variance_distance_from_embeddings",
                    "logit_distance",
                    "logit_distance_from_embeddings",
                    "max_pls_svd_distance",
                ],
            },
            {
                "title": "Estimators",
                "module": "identifiability",
                "entries": ["EmbeddingClassifier", "SeedEnsemble"],
            },
        ],
    },
    {
        "page": "generate",
        "title": "Generate",
        "intro": "Variational diffusion as density estimator, sampler and feature extractor.",
        "sections": [
            {
                "title": "Estimators",
                "module": "generative",
                "entries": ["DiffEnc", "VariationalDiffusion"],
            },
            {
                "title": "Figures",
                "module": "inspection",
                "entries": ["DepthLossDisplay", "SampleGridDisplay", "TrainingCurveDisplay"],
            },
        ],
    },
    {
        "page": "choose",
        "title": "Select models",
        "intro": "Scorers for GridSearchCV and cross_validate; greater is better.",
        "sections": [
            {
                "title": "Scorers",
                "module": "metrics",
                "entries": [
                    "get_scorer",
                    "get_scorer_names",
                    "get_scorers",
                    "make_distribution_scorer",
                    "make_hubness_scorer",
                    "make_representation_scorer",
                ],
            },
        ],
    },
    {
        "page": "datasets",
        "title": "Data sets",
        "intro": "Real embeddings inside the package, and generators. Nothing is downloaded.",
        "sections": [
            {
                "title": "Real data",
                "module": "datasets",
                "entries": ["load_encoder_layers", "load_sentence_embeddings"],
            },
            {
                "title": "Generators",
                "module": "datasets",
                "entries": [
                    "make_checkerboard",
                    "make_gaussian_hubs",
                    "make_perturbed_pair",
                    "make_permuted_pair",
                    "make_radial_classification",
                    "make_spirals",
                    "make_swirl",
                ],
            },
        ],
    },
    {
        "page": "utils",
        "title": "Discover and check",
        "intro": "Everything public, as lists; and the checks for estimators of your own.",
        "sections": [
            {
                "title": "Discovery",
                "module": "utils",
                "entries": ["all_displays", "all_estimators", "all_functions"],
            },
            {
                "title": "Checks of estimators",
                "module": "utils.estimator_checks",
                "entries": ["check_sksim_estimator", "sksim_checks_generator"],
            },
        ],
    },
]

"""The API reference, by task: pages, their sections, and the public names in them.

``conf.py`` writes one page for each entry of ``API_REFERENCE``; a test compares the names with
everything that is public. The measures in a section are those on record in a family, the reductions
those that have a name.
"""

from sksim.hubness._registry import REDUCTIONS
from sksim.metrics._registry import all_measures


def measures(*families: str) -> list[str]:
    """Functions of the measures in some sub-packages or modules of ``sksim.metrics``."""
    prefixes = tuple(f"sksim.metrics.{family}." for family in families)
    functions = {measure.function for measure in all_measures()}
    return sorted(f.__name__ for f in functions if f"{f.__module__}.".startswith(prefixes))


def _without(names: list[str], families: tuple[str, ...]) -> list[str]:
    return [name for name in names if name not in measures(*families)]


_OUTPUTS = ("distributions._functional", "distributions._jensen_shannon")
_SPECTRUM = ("quality._spectral", "quality._spectral_slope", "quality._vendi")

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
                "entries": measures("occurrence"),
            },
            {
                "title": "Figures",
                "module": "inspection",
                "entries": ["HubRankDisplay", "HubnessAccuracyDisplay", "KOccurrenceDisplay"],
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
                "title": "From graph to graph",
                "module": "hubness",
                "entries": sorted(reduction.__name__ for reduction in REDUCTIONS.values()),
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
                    "FaissTransformer",
                    "ShortlistTransformer",
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
                    "FrechetMeanClassifier",
                    "predictable_labels",
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
                "entries": measures("similarity.matrices"),
            },
            {
                "title": "Dissimilarity matrices (RDMs)",
                "module": "metrics",
                "entries": ["fit_rdm_model", "noise_ceiling", "rdm"],
            },
            {
                "title": "Subspaces",
                "module": "metrics",
                "entries": ["canonical_correlations", *measures("similarity.canonical")],
            },
            {
                "title": "Alignment",
                "module": "metrics",
                "entries": [*measures("similarity.alignment"), "stochastic_shape_distance"],
            },
            {
                "title": "Neighbourhoods",
                "module": "metrics",
                "entries": measures("similarity.neighborhoods"),
            },
            {
                "title": "Shapes of clouds",
                "module": "metrics",
                "entries": measures("similarity.geometry"),
            },
            {
                "title": "Outputs",
                "module": "metrics",
                "entries": measures(*_OUTPUTS),
            },
            {
                "title": "Many models, streams, chance",
                "module": "metrics",
                "entries": [
                    "DegenerateSimilarityWarning",
                    "SimilarityAccumulator",
                    "cross_similarity",
                    "layer_similarity",
                    "null_calibrated_score",
                    "pairwise_similarity",
                    "permutation_test_similarity",
                    "similarity_interval",
                ],
            },
            {
                "title": "Layers of networks, figures",
                "module": "inspection",
                "entries": [
                    "PermutationTestDisplay",
                    "RepresentationMapDisplay",
                    "ScoreCurveDisplay",
                    "SimilarityMatrixDisplay",
                    "collect_activations",
                ],
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
                "entries": measures(*_SPECTRUM),
            },
            {
                "title": "Geometry",
                "module": "metrics",
                "entries": [
                    "local_intrinsic_dimension",
                    "neural_collapse",
                    "sparse_rate_reduction",
                    *_without(measures("quality"), _SPECTRUM),
                ],
            },
            {
                "title": "Figures",
                "module": "inspection",
                "entries": ["LocalValueDisplay", "SpectrumDisplay"],
            },
        ],
    },
    {
        "page": "probe",
        "title": "Probe",
        "intro": "What does a representation hold about a target?",
        "sections": [
            {
                "title": "Measures with a target",
                "module": "metrics",
                "entries": measures("probing"),
            },
            {
                "title": "Sources, layers, inputs, units",
                "module": "metrics",
                "entries": [
                    "binned_information",
                    "feature_complexity",
                    "infomec",
                    "information_gain",
                    "information_gain_norm",
                    "local_rank",
                    "mean_difference",
                    "noisy_layer_information",
                    "position_context_decomposition",
                ],
            },
            {
                "title": "Figures",
                "module": "inspection",
                "entries": ["SparseProbeDisplay"],
            },
        ],
    },
    {
        "page": "graphs",
        "title": "Graphs and distances",
        "intro": "Is the shape of a graph kept, and what shape is it?",
        "sections": [
            {
                "title": "What an embedding keeps",
                "module": "metrics",
                "entries": measures("graphs._reconstruction", "graphs._distortion"),
            },
            {
                "title": "Coordinates",
                "module": "manifold",
                "entries": ["FastRP", "HeatGeodesicEmbedding", "HyperbolicMDS", "TreeEmbedding"],
            },
            {
                "title": "Distances in the hyperbolic plane, and along a graph",
                "module": "metrics",
                "entries": ["hyperbolic_distances", "heat_geodesic_distances"],
            },
            {
                "title": "Curvature",
                "module": "metrics",
                "entries": ["ollivier_ricci_curvature", "ricci_alignment_score"],
            },
        ],
    },
    {
        "page": "retrieve",
        "title": "Retrieve",
        "intro": "Does the right item come first? Ranked lists, partners, sets, Gaussians.",
        "sections": [
            {
                "title": "Scores of ranked lists",
                "module": "metrics",
                "entries": measures("retrieval"),
            },
            {
                "title": "Queries of a new model in an old index",
                "module": "metrics",
                "entries": [
                    "compatibility_score",
                    "compatibility_matrix",
                    "average_compatibility",
                ],
            },
            {
                "title": "Similarity of sets and of Gaussians",
                "module": "metrics",
                "entries": [
                    "chamfer_similarity",
                    "gaussian_kl_divergence",
                    "pairwise_gaussian_kl",
                ],
            },
            {
                "title": "Codes for an index",
                "module": "codes",
                "entries": [
                    "ActivationCodes",
                    "FixedDimensionalEncoder",
                    "GaussianInnerProduct",
                    "PrefixTruncation",
                    "ResidualBinarizer",
                    "matching_pursuit",
                ],
            },
        ],
    },
    {
        "page": "topics",
        "title": "Find topics",
        "intro": "What are these documents about? With a few labelled words, or without any.",
        "sections": [
            {
                "title": "Estimators",
                "module": "topics",
                "entries": ["Lbl2Vec", "Top2Vec"],
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
                    "mean_shape",
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
                "entries": _without(measures("distributions"), _OUTPUTS),
            },
            {
                "title": "Inputs, streams, identifiability",
                "module": "metrics",
                "entries": [
                    "DistributionAccumulator",
                    "aligned_log_probabilities",
                    "diversity",
                    "identifiability_map",
                ],
            },
            {
                "title": "Estimators",
                "module": "identifiability",
                "entries": [
                    "EmbeddingClassifier",
                    "SeedEnsemble",
                    "equiangular_basis_vectors",
                    "simplex_class_targets",
                ],
            },
            {
                "title": "Figures",
                "module": "inspection",
                "entries": ["SeedDistanceDisplay"],
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
                "entries": [
                    "DiffEnc",
                    "DiffusionFeatures",
                    "DPMEncoder",
                    "InfoDiffusion",
                    "VariationalDiffusion",
                ],
            },
            {
                "title": "Figures",
                "module": "inspection",
                "entries": ["DepthLossDisplay", "SampleGridDisplay", "TrainingCurveDisplay"],
            },
        ],
    },
    {
        "page": "encode",
        "title": "Encode",
        "intro": "Learned encoders that are no density models.",
        "sections": [
            {
                "title": "Autoencoders",
                "module": "encoders",
                "entries": [
                    "ContrastiveMIM",
                    "DenoisingAutoencoder",
                    "QuantizedLatentAutoencoder",
                    "SparseAutoencoder",
                ],
            },
            {
                "title": "Random targets",
                "module": "encoders",
                "entries": ["RandomProjectorLearner"],
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
                    "make_collapsed_features",
                    "make_easy_hard_features",
                    "make_factorial_latents",
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
        "intro": "Everything public, as lists; and checks for estimators and measures of your own.",
        "sections": [
            {
                "title": "Discovery",
                "module": "utils",
                "entries": ["all_displays", "all_estimators", "all_functions"],
            },
            {
                "title": "Results",
                "module": "utils",
                "entries": ["Result"],
            },
            {
                "title": "Arrays and graphs at the door",
                "module": "utils",
                "entries": ["check_graph", "check_named_array", "validate_named_data"],
            },
            {
                "title": "Checks of estimators",
                "module": "utils.estimator_checks",
                "entries": ["check_sksim_estimator", "sksim_checks_generator"],
            },
        ],
    },
]

"""What functions and classes of scientific libraries do, as data: rows that :mod:`tables` joins to its own.

Read from SciPy 1.17, scikit-learn 1.9, seaborn 0.13, statsmodels 0.15, NetworkX 3.6, SymPy 1.14, pandas 3.1 and NumPy 2.4;
``tests/libraries/test_tables_against_libraries.py`` asks the installed ones.
"""

from __future__ import annotations


def _each(value: str, prefix: str, names: str) -> dict[str, str]:
    return {f"{prefix}.{name}": value for name in names.split()}


def _all(prefix: str, names: str) -> frozenset[str]:
    return frozenset(f"{prefix}.{name}" for name in names.split())


#: Modules none of whose functions has an effect, unless a row says otherwise.
PURE = frozenset(
    {"statsmodels", "networkx", "sympy", "mpmath", "patsy", "IPython.core.display", "IPython.lib.display",
     "bs4.BeautifulSoup", "numexpr", "pprint", "xarray.testing"}
)  # fmt: skip

_NETWORKX_DRAWS = (
    "LFR_benchmark_graph algebraic_connectivity approximate_current_flow_betweenness_centrality arf_layout barabasi_albert_graph "
    "binomial_graph configuration_model connected_double_edge_swap connected_watts_strogatz_graph "
    "dense_gnm_random_graph directed_configuration_model directed_edge_swap directed_joint_degree_graph double_edge_swap "
    "dual_barabasi_albert_graph duplication_divergence_graph erdos_renyi_graph "
    "expected_degree_graph extended_barabasi_albert_graph fast_gnp_random_graph fiedler_vector forceatlas2_layout "
    "fruchterman_reingold_layout gaussian_random_partition_graph general_random_intersection_graph generate_random_paths "
    "geographical_threshold_graph geometric_soft_configuration_graph gn_graph gnc_graph gnm_random_graph gnp_random_graph "
    "gnr_graph joint_degree_graph k_random_intersection_graph lattice_reference maximal_independent_set maybe_regular_expander "
    "maybe_regular_expander_graph navigable_small_world_graph newman_watts_strogatz_graph omega panther_similarity "
    "panther_vector_similarity partial_duplication_graph planted_partition_graph powerlaw_cluster_graph "
    "random_clustered_graph random_cograph random_degree_sequence_graph random_geometric_graph random_internet_as_graph "
    "random_k_out_graph random_kernel_graph random_labeled_rooted_forest random_labeled_rooted_tree random_labeled_tree "
    "random_layout random_lobster random_lobster_graph random_partition_graph random_powerlaw_tree "
    "random_powerlaw_tree_sequence random_reference random_regular_expander_graph random_regular_graph random_shell_graph "
    "random_spanning_tree random_tree random_triad random_unlabeled_rooted_forest random_unlabeled_rooted_tree "
    "random_unlabeled_tree relaxed_caveman_graph rich_club_coefficient scale_free_graph sigma soft_random_geometric_graph "
    "spanner spectral_bisection spectral_graph_forge spectral_ordering spring_layout stochastic_block_model "
    "thresholded_random_geometric_graph uniform_random_intersection_graph watts_strogatz_graph waxman_graph"
)
#: They draw only where they are told to sample.
NETWORKX_SAMPLES = frozenset(
    {"networkx.betweenness_centrality", "networkx.edge_betweenness_centrality"}
)
_NETWORKX_GRAPHS = (
    "LCF_graph balanced_tree barbell_graph bull_graph caveman_graph chordal_cycle_graph chvatal_graph circulant_graph "
    "circular_ladder_graph complete_bipartite_graph complete_graph complete_multipartite_graph connected_caveman_graph "
    "cubical_graph cycle_graph davis_southern_women_graph desargues_graph diamond_graph directed_havel_hakimi_graph dodecahedral_graph dorogovtsev_goltsev_mendes_graph "
    "florentine_families_graph frucht_graph full_rary_tree generalized_petersen_graph graph_atlas grid_2d_graph grid_graph "
    "havel_hakimi_graph heawood_graph hexagonal_lattice_graph hoffman_singleton_graph house_graph house_x_graph hypercube_graph icosahedral_graph "
    "karate_club_graph krackhardt_kite_graph ladder_graph les_miserables_graph lollipop_graph margulis_gabber_galil_graph "
    "moebius_kantor_graph mycielski_graph null_graph octahedral_graph paley_graph pappus_graph petersen_graph ring_of_cliques "
    "sedgewick_maze_graph star_graph sudoku_graph tadpole_graph tetrahedral_graph triangular_lattice_graph trivial_graph truncated_cube_graph "
    "truncated_tetrahedron_graph turan_graph tutte_graph wheel_graph windmill_graph path_graph empty_graph from_numpy_array "
    "from_scipy_sparse_array from_pandas_edgelist from_pandas_adjacency from_edgelist from_dict_of_lists from_dict_of_dicts "
    "node_link_graph tree_graph from_prufer_sequence"
)
#: They read a graph and tell numbers, names and new containers of them.
_NETWORKX_READS = (
    "shortest_path shortest_path_length all_pairs_shortest_path all_pairs_shortest_path_length "
    "single_source_shortest_path single_source_shortest_path_length dijkstra_path dijkstra_path_length bellman_ford_path astar_path astar_path_length "
    "average_shortest_path_length has_path degree_centrality betweenness_centrality edge_betweenness_centrality "
    "closeness_centrality eigenvector_centrality katz_centrality harmonic_centrality load_centrality in_degree_centrality "
    "out_degree_centrality pagerank hits clustering average_clustering transitivity triangles square_clustering density "
    "diameter radius eccentricity center periphery degree_histogram is_connected is_strongly_connected is_weakly_connected "
    "number_connected_components number_strongly_connected_components number_weakly_connected_components node_connected_component is_directed_acyclic_graph "
    "is_bipartite is_tree is_forest is_planar is_eulerian is_isomorphic is_regular core_number degree_assortativity_coefficient "
    "attribute_assortativity_coefficient numeric_assortativity_coefficient degree_pearson_correlation_coefficient average_degree_connectivity "
    "average_neighbor_degree number_of_nodes number_of_edges number_of_selfloops to_numpy_array to_pandas_edgelist to_pandas_adjacency "
    "to_dict_of_lists to_scipy_sparse_array adjacency_matrix laplacian_matrix normalized_laplacian_matrix incidence_matrix adjacency_spectrum "
    "laplacian_spectrum circular_layout shell_layout spectral_layout kamada_kawai_layout planar_layout spiral_layout bipartite_layout "
    "multipartite_layout rescale_layout node_connectivity edge_connectivity maximum_flow_value minimum_cut_value global_efficiency local_efficiency "
    "constraint effective_size wiener_index jaccard_coefficient adamic_adar_index preferential_attachment "
    "get_node_attributes get_edge_attributes dominating_set greedy_color articulation_points ancestors descendants reciprocity bfs_predecessors bfs_successors"
)

_SYMPY_EXPRESSIONS = (
    "Symbol Integer Rational Float Add Mul Pow sqrt cbrt root exp log ln sin cos tan cot sec csc asin acos atan atan2 sinh cosh tanh "
    "asinh acosh atanh Abs sign re im arg conjugate factorial binomial gamma beta zeta erf Heaviside DiracDelta KroneckerDelta "
    "Derivative Integral Sum Product Limit Eq Ne Lt Le Gt Ge diff integrate limit series summation product simplify expand factor "
    "collect apart together cancel trigsimp expand_trig powsimp radsimp ratsimp nsimplify combsimp gammasimp logcombine expand_log "
    "expand_func powdenest Function Lambda Piecewise N S Poly Max Min floor ceiling besselj bessely airyai legendre hermite laguerre chebyshevt chebyshevu fibonacci "
    "bernoulli euler harmonic Interval FiniteSet Union Intersection And Or Not Xor Implies Equivalent gcd lcm "
)

#: Dotted name → effects, as in ``tables.FUNCTION_EFFECTS``.
EFFECTS: dict[str, str] = {
    # Formulas are evaluated where they are used: they read the notebook's names.
    "statsmodels.formula.*": "formula", "patsy.dmatrix": "formula", "patsy.dmatrices": "formula",
    "numexpr.evaluate": "formula", "numpy.bmat": "formula",
    "statsmodels.graphics.*": "figure", "statsmodels.api.graphics.*": "figure", "statsmodels.api.qqplot*": "figure",
    "statsmodels.api.ProbPlot": "", "statsmodels.graphics.gofplots.ProbPlot": "",
    "statsmodels.datasets.get_rdataset": "outside-read", "statsmodels.api.datasets.get_rdataset": "outside-read",
    "statsmodels.datasets.webuse": "outside-read", "statsmodels.api.load": "outside-read", "statsmodels.iolib.*": "unknown",
    **_each("rng-draw", "statsmodels", "tsa.arima_process.arma_generate_sample tsa.api.arma_generate_sample api.tsa.arma_generate_sample "
            "imputation.* api.MICE api.MICEData tsa.* stats.mediation.*"),
    **_each("", "statsmodels.tsa", "stattools.* seasonal.* arima.* statespace.* holtwinters.* ar_model.* vector_ar.* filters.* "
            "tsatools.* x13.* api.*"),
    "statsmodels.tsa.x13.*": "outside-write", "statsmodels.tsa.regime_switching.*": "rng-draw",
    # NetworkX
    **_each("rng-draw", "networkx", _NETWORKX_DRAWS),
    **_each("change0", "networkx", "set_node_attributes set_edge_attributes remove_node_attributes remove_edge_attributes add_path "
            "add_cycle add_star freeze"),
    **_each("rng-draw change0", "networkx", "double_edge_swap connected_double_edge_swap directed_edge_swap"),
    **_each("outside-write", "networkx", "write_* drawing.nx_agraph.* nx_agraph.* nx_pydot.*"), "networkx.read_*": "outside-read",
    **_each("figure", "networkx", "draw* display"), "networkx.community.*": "", "networkx.algorithms.community.*": "",
    **{f"networkx.{prefix}community.{name}": "rng-draw" for prefix in ("", "algorithms.") for name in (
        "louvain_communities", "louvain_partitions", "leiden_communities", "leiden_partitions", "asyn_lpa_communities", "fast_label_propagation_communities",
        "kernighan_lin_bisection", "asyn_fluidc", "greedy_node_swap_bipartition")},
    "networkx.barycenter": "change0", "networkx.minimum_branching": "change0",
    **dict.fromkeys(NETWORKX_SAMPLES, "rng-draw"),
    "networkx.config.*": "monkeypatch", "networkx.utils.*": "unknown", "networkx.generators.*": "rng-draw",
    "networkx.algorithms.approximation.*": "rng-draw", "networkx.approximation.*": "rng-draw", "networkx.bipartite.*": "",
    # SymPy
    "sympy.init_printing": "settings", "sympy.init_session": "opaque", "sympy.interactive.*": "opaque", "sympy.var": "opaque",
    "sympy.plot*": "figure", "sympy.plotting.*": "figure", "sympy.preview": "outside-write", "sympy.Dummy": "ambient",
    "sympy.symarray": "", "sympy.randMatrix": "rng-draw", "sympy.randprime": "rng-draw", "sympy.stats.sample*": "rng-draw",
    "sympy.physics.mechanics.*": "unknown", "sympy.physics.vector.*": "unknown", "sympy.utilities.codegen.*": "outside-write",
    "sympy.utilities.autowrap.*": "outside-write", "sympy.core.random.*": "rng-draw", "sympy.ntheory.generate.randprime": "rng-draw",
    "sympy.assumptions.assume.global_assumptions.*": "monkeypatch", "sympy.assumptions.global_assumptions.*": "monkeypatch", "sympy.test": "unknown", "sympy.doctest": "unknown", "sympy.assuming": "ambient",
    "sympy.utilities.lambdify.*": "", "sympy.SYMPY_DEBUG": "", "sympy.evaluate": "ambient", "mpmath.mp.*": "monkeypatch",
    "sympy.core.cache.*": "ambient", "sympy.seterr": "monkeypatch", "sympy.utilities.iterables.*": "", "sympy.Wild": "",
    "mpmath.rand": "rng-draw", "mpmath.plot": "figure", "mpmath.cplot": "figure", "mpmath.splot": "figure",
    # SciPy
    "scipy.io.loadmat": "outside-read", "scipy.io.readsav": "outside-read", "scipy.io.whosmat": "outside-read",
    "scipy.io.wavfile.read": "outside-read", "scipy.io.arff.loadarff": "outside-read", "scipy.io.mmread": "outside-read",
    "scipy.datasets.*": "outside-read", "scipy.misc.*": "outside-read", "scipy.fft.set_backend": "settings", "scipy.fft.set_global_backend": "monkeypatch", "scipy.fft.register_backend": "monkeypatch",
    "scipy.special.seterr": "monkeypatch", "scipy.special.errstate": "ambient", "scipy.LowLevelCallable": "unknown",
    "scipy.optimize.direct": "", "scipy.sparse.linalg.*": "", "scipy.sparse.linalg.use_solver": "monkeypatch",
    **_each("rng-draw", "scipy.sparse.linalg", "eigs eigsh svds lobpcg onenormest"), "scipy.stats.make_distribution": "unknown", "scipy.test": "unknown", "scipy.show_config": "unknown",
    # scikit-learn: what only looks, and data that come with the package.
    "sklearn.datasets.load_*": "", "sklearn.datasets.fetch_*": "outside-read", "sklearn.datasets.load_svmlight_*": "outside-read",
    "sklearn.datasets.load_files": "outside-read", "sklearn.datasets.dump_svmlight_file": "outside-write",
    "sklearn.metrics.silhouette_score": "rng-draw", "sklearn.metrics.plot_*": "figure", "sklearn.tree.plot_tree": "figure",
    "sklearn.tree.export_text": "", "sklearn.tree.export_graphviz": "outside-write", "sklearn.feature_selection.f_*": "",
    "sklearn.feature_selection.chi2": "", "sklearn.clone": "", "sklearn.base.clone": "", "sklearn.get_config": "",
    "sklearn.utils.check_random_state": "unknown", "sklearn.show_versions": "ambient", "sklearn.utils.estimator_html_repr": "",
    "sklearn.exceptions.*": "", "sklearn.utils.validation.*": "", "sklearn.utils.check_array": "", "sklearn.utils.compute_class_weight": "",
    "sklearn.utils.class_weight.*": "", "sklearn.utils.extmath.*": "rng-draw", "sklearn.experimental.*": "",
    # seaborn and Matplotlib: what doesn't draw.
    "seaborn.load_dataset": "outside-read", "seaborn.get_dataset_names": "outside-read",
    **_each("", "seaborn", "color_palette cubehelix_palette light_palette dark_palette diverging_palette husl_palette hls_palette "
            "blend_palette mpl_palette crayon_palette xkcd_palette axes_style plotting_context desaturate saturate"),
    **_each("settings", "seaborn", "reset_defaults reset_orig set_color_codes"), "seaborn.palplot": "figure", "seaborn.choose_*": "unknown",
    "matplotlib.pyplot.imread": "outside-read", "matplotlib.image.imread": "outside-read", "matplotlib.image.imsave": "outside-write",
    "matplotlib.pyplot.imsave": "outside-write", "matplotlib.cbook.*": "", "matplotlib.colors.*": "", "matplotlib.cm.get_cmap": "",
    "matplotlib.pyplot.cm.*": "", "matplotlib.cm.*": "", "matplotlib.pyplot.get_cmap": "", "matplotlib.cm.register_cmap": "monkeypatch", "matplotlib.colormaps.register": "monkeypatch",
    "matplotlib.get_backend": "", "matplotlib.get_cachedir": "", "matplotlib.set_loglevel": "settings",
    "matplotlib.mlab.*": "", "matplotlib.dates.*": "", "matplotlib.dates.set_epoch": "monkeypatch", "matplotlib.interactive": "settings",
    "matplotlib.units.*": "monkeypatch", "matplotlib.font_manager.*": "monkeypatch",
    "mpl_toolkits.axes_grid1.*": "figure",
    # pandas and NumPy
    "pandas.eval": "formula", "pandas.show_versions": "unknown", "pandas.test": "unknown", "pandas.describe_option": "",
    "pandas.get_option": "", "pandas.plotting.register_matplotlib_converters": "monkeypatch",
    "pandas.plotting.deregister_matplotlib_converters": "monkeypatch", "pandas.tseries.*": "", "pandas.testing.*": "",
    "pandas.io.formats.style.*": "", "pandas.util.*": "", "numpy.lib.stride_tricks.*": "", "numpy.lib.scimath.*": "",
    "numpy.lib.recfunctions.*": "", "numpy.emath.*": "", "numpy.set_string_function": "settings", "numpy.ma.put": "change0",
    "numpy.ma.putmask": "change0", "numpy.getbufsize": "", "numpy.DataSource": "outside-read", "numpy.fromregex": "outside-read",
    "numpy.fromstring": "", "numpy.testing.*": "", "numpy.ma.*": "", "numpy.show_runtime": "unknown",
    # The rest
    "IPython.core.display.*": "", "IPython.core.display.clear_output": "ambient", "IPython.core.display.set_matplotlib_formats": "settings",
    "IPython.core.display.display": "", "IPython.core.pylabtools.*": "settings", "IPython.get_ipython": "opaque",
    "matplotlib_inline.backend_inline.*": "settings",
}  # fmt: skip

#: Dotted name → kind of the result, as in ``tables.FUNCTION_KINDS``.
KINDS: dict[str, str] = {
    **_each("frame", "pandas", "read_* concat merge merge_asof merge_ordered pivot_table pivot crosstab melt get_dummies from_dummies lreshape wide_to_long "
            "json_normalize DataFrame.from_dict DataFrame.from_records Series DataFrame Index MultiIndex MultiIndex.* DatetimeIndex date_range bdate_range period_range "
            "timedelta_range interval_range cut qcut RangeIndex Int64Index CategoricalIndex PeriodIndex TimedeltaIndex Categorical"),
    **_each("", "pandas", "read_html read_hdf read_pickle read_xml to_datetime to_numeric to_timedelta factorize unique isna isnull notna notnull eval"),
    **_each("array", "numpy", "array asarray asanyarray ascontiguousarray asfortranarray zeros ones empty full arange linspace logspace geomspace eye identity zeros_like ones_like "
            "empty_like full_like concatenate vstack hstack dstack stack column_stack row_stack block tile repeat tri tril triu vander "
            "diag diagflat roll flip fliplr flipud rot90 sort argsort unique diff ediff1d cumsum cumprod outer "
            "kron convolve correlate interp roots poly loadtxt genfromtxt fromfunction fromiter frombuffer delete insert append pad "
            "reshape ravel transpose atleast_1d atleast_2d atleast_3d squeeze expand_dims argwhere flatnonzero bincount digitize histogram_bin_edges "
            "hanning hamming blackman bartlett kaiser random.normal random.rand random.randn random.permutation "
            "fft.* linalg.inv linalg.pinv linalg.solve linalg.cholesky linalg.eigvals linalg.eigvalsh linalg.matrix_power load ma.array ma.masked_where ma.masked_array matrix "
            "corrcoef cov"),
    **_each("", "numpy", "load random.permutation poly") ,
    **_each("callable", "numpy", "poly1d vectorize frompyfunc polynomial.Polynomial polynomial.Chebyshev polynomial.Legendre polynomial.Hermite "
            "polynomial.Laguerre polynomial.polynomial.Polynomial polynomial.chebyshev.Chebyshev polynomial.Polynomial.fit polynomial.Chebyshev.fit"),
    **_each("callable", "scipy.interpolate", "interp1d interp2d CubicSpline UnivariateSpline InterpolatedUnivariateSpline LSQUnivariateSpline "
            "PchipInterpolator Akima1DInterpolator BarycentricInterpolator KroghInterpolator RegularGridInterpolator "
            "LinearNDInterpolator NearestNDInterpolator CloughTocher2DInterpolator Rbf RBFInterpolator BSpline PPoly BPoly RectBivariateSpline SmoothBivariateSpline "
            "make_interp_spline CubicHermiteSpline lagrange"),
    **_each("callable", "scipy.spatial", "KDTree cKDTree"), **_each("callable", "sympy", "lambdify utilities.lambdify.lambdify utilities.lambdify"),
    "scipy.integrate.ode": "integrator", "scipy.integrate.complex_ode": "integrator",
    **_each("sparse", "scipy.sparse", "csr_matrix csc_matrix coo_matrix lil_matrix dia_matrix bsr_matrix csr_array csc_array coo_array "
            "lil_array dia_array bsr_array eye eye_array identity diags diags_array random random_array kron vstack hstack block_diag spdiags"),
    **_each("distribution", "scipy.stats", "alpha anglit arcsine argus bernoulli beta betabinom betaprime binom boltzmann bradford burr burr12 cauchy chi chi2 "
            "cosine crystalball dgamma dlaplace dweibull erlang expon exponnorm exponpow exponweib f fatiguelife fisk foldcauchy "
            "foldnorm gamma gausshyper genexpon genextreme gengamma genhalflogistic genlogistic gennorm genpareto geom gibrat gompertz "
            "gumbel_l gumbel_r halfcauchy halfgennorm halflogistic halfnorm hypergeom hypsecant invgamma invgauss invweibull johnsonsb johnsonsu kappa3 "
            "kappa4 laplace levy levy_l loggamma logistic loglaplace lognorm logser loguniform lomax maxwell mielke moyal nakagami "
            "nbinom ncf nct ncx2 nhypergeom norm norminvgauss pareto pearson3 planck poisson powerlaw powerlognorm powernorm randint "
            "rayleigh rdist recipinvgauss reciprocal rice semicircular skellam skewcauchy skewnorm t trapezoid triang truncexpon truncnorm "
            "tukeylambda uniform vonmises wald weibull_max weibull_min wrapcauchy yulesimon zipf zipfian "
            "betanbinom dirichlet_multinomial dpareto_lognorm genhyperbolic geninvgauss invwishart irwinhall jf_skew_t ksone kstwo kstwobign landau "
            "laplace_asymmetric levy_stable matrix_normal matrix_t multinomial multivariate_hypergeom nchypergeom_fisher nchypergeom_wallenius "
            "normal_inverse_gamma ortho_group poisson_binom random_correlation random_table rel_breitwigner special_ortho_group studentized_range "
            "truncpareto truncweibull_min uniform_direction unitary_group vonmises_fisher vonmises_line wishart "
            "multivariate_normal multivariate_t dirichlet gaussian_kde"),
    **_each("graph", "networkx", f"Graph DiGraph MultiGraph MultiDiGraph {_NETWORKX_GRAPHS} "
            "erdos_renyi_graph gnp_random_graph gnm_random_graph barabasi_albert_graph watts_strogatz_graph random_geometric_graph random_regular_graph "
            "powerlaw_cluster_graph stochastic_block_model read_edgelist read_gml read_graphml read_gexf read_weighted_edgelist read_adjlist "
            "minimum_spanning_tree compose union disjoint_union induced_subgraph subgraph ego_graph line_graph complement convert_node_labels_to_integers "
            "relabel_nodes bfs_tree dfs_tree transitive_closure transitive_reduction reverse_view generators.random_graphs.erdos_renyi_graph"),
    **_each("model", "statsmodels.api", "OLS WLS GLS GLSAR Logit Probit MNLogit Poisson NegativeBinomial GLM RLM QuantReg MixedLM GEE PHReg"),
    **_each("model", "statsmodels.formula.api", "ols wls gls logit probit mnlogit poisson negativebinomial glm rlm quantreg mixedlm gee phreg"),
    **_each("model", "statsmodels", "regression.linear_model.OLS tsa.arima.model.ARIMA tsa.statespace.sarimax.SARIMAX tsa.api.VAR tsa.vector_ar.var_model.VAR tsa.ar_model.AutoReg "
            "tsa.holtwinters.ExponentialSmoothing tsa.holtwinters.SimpleExpSmoothing tsa.holtwinters.Holt tsa.api.ExponentialSmoothing tsa.api.SimpleExpSmoothing "
            "tsa.api.Holt tsa.api.ARIMA tsa.api.AutoReg tsa.api.SARIMAX api.tsa.ARIMA api.tsa.SARIMAX api.tsa.AutoReg api.tsa.VAR api.tsa.statespace.SARIMAX"),
    **_each("expr", "sympy", _SYMPY_EXPRESSIONS), "sympy.Function": "expr",
    **_each("matrix", "sympy", "Matrix zeros ones eye diag randMatrix MutableDenseMatrix hessian"),
    **_each("bunch", "sklearn.datasets", "load_iris load_digits load_diabetes load_wine load_breast_cancer load_linnerud fetch_california_housing "
            "fetch_lfw_people fetch_olivetti_faces fetch_20newsgroups fetch_openml fetch_species_distributions fetch_covtype fetch_kddcup99 fetch_rcv1"),
    **_each("list", "seaborn", "color_palette husl_palette hls_palette get_dataset_names"), "seaborn.load_dataset": "frame",
    "matplotlib.pyplot.imread": "array", "matplotlib.image.imread": "array", "matplotlib.pyplot.cm.get_cmap": "callable", "matplotlib.cm.get_cmap": "callable",
    "matplotlib.pyplot.get_cmap": "callable", **_each("callable", "matplotlib.colors", "LinearSegmentedColormap.from_list ListedColormap LinearSegmentedColormap "
            "Normalize LogNorm"),
    **_each("match", "re", "match search fullmatch"), "re.compile": "pattern", "re.finditer": "iterator<match>", "re.findall": "list", "re.split": "list",
    "re.sub": "str", "re.escape": "str",
}  # fmt: skip

#: NumPy functions that go through their argument: an array gives an array, a frame a frame, a number a number.
ELEMENTWISE = _all(
    "numpy",
    "abs absolute fabs sign rint floor ceil trunc exp exp2 expm1 log log2 log10 log1p sqrt cbrt square reciprocal negative positive "
    "sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh deg2rad rad2deg degrees radians isnan isfinite isinf "
    "add subtract multiply divide true_divide floor_divide power mod remainder fmod maximum minimum fmax fmin arctan2 hypot round "
    "around clip logical_and logical_or logical_not greater less equal not_equal sinc i0 unwrap angle conj nan_to_num",
)

#: Results that share nothing with the arguments.
FRESH = frozenset(
    {"pandas.DataFrame.from_dict", "pandas.json_normalize", "pandas.to_numeric", "pandas.pivot", "pandas.factorize", "pandas.unique",
     "pandas.bdate_range", "pandas.interval_range", "pandas.get_option", "pandas.value_counts", "pandas.wide_to_long", "pandas.merge_asof",
     "pandas.merge_ordered", "seaborn.load_dataset", "seaborn.color_palette", "statsmodels.api.add_constant",
     "statsmodels.tools.*", "sympy.*",
     "statsmodels.datasets.*", "statsmodels.api.datasets.*", "statsmodels.tsa.stattools.*", "statsmodels.api.stats.*", "statsmodels.stats.*",
     "statsmodels.api.tsa.*", "statsmodels.tsa.seasonal.*", "patsy.*", "IPython.core.display.*", "numexpr.*"}
) | _all("networkx", f"{_NETWORKX_GRAPHS} {_NETWORKX_READS} {_NETWORKX_DRAWS} community.* write_* read_*") - _all(
    "networkx", "from_dict_of_dicts from_edgelist lattice_reference double_edge_swap connected_double_edge_swap directed_edge_swap spectral_graph_forge "
    "random_reference node_link_graph tree_graph empty_graph from_pandas_edgelist community.girvan_newman random_spanning_tree")  # fmt: skip

#: Results that may be the argument or a view of it, in libraries whose results are new as a rule.
SHARING = _all(
    "numpy", "asarray_chkfinite einsum from_dlpack linalg.diagonal linalg.matrix_power linalg.matrix_transpose ma.* rec.* real_if_close trim_zeros "
    "lib.stride_tricks.* lib.recfunctions.* ndenumerate broadcast lib.scimath.* emath.* poly1d vectorize "
    "polynomial.Polynomial char.array char.asarray"
) | _all("scipy", "linalg.fractional_matrix_power linalg.hessenberg linalg.lu_factor linalg.cho_factor signal.bode signal.freqresp signal.freqs signal.cont2discrete "
         "interpolate.* sparse.csr_matrix sparse.csc_matrix sparse.coo_matrix sparse.lil_matrix sparse.dia_matrix sparse.bsr_matrix "
         "sparse.csr_array sparse.csc_array sparse.coo_array sparse.lil_array sparse.dia_array sparse.bsr_array integrate.ode spatial.KDTree spatial.cKDTree "
         "signal.lti signal.TransferFunction signal.StateSpace signal.ZerosPolesGain signal.dlti ndimage.generate_binary_structure linalg.block_diag stats.quantile_test")  # fmt: skip

#: scikit-learn's estimators that draw no random numbers, and the keywords that make some of them draw.
DETERMINISTIC: dict[str, str] = {
    **dict.fromkeys(
        ["ARDRegression", "AdditiveChi2Sampler", "AgglomerativeClustering", "BayesianRidge", "BernoulliNB", "Binarizer", "CCA", "CategoricalNB", "ClassicalMDS", "ComplementNB", "CountVectorizer", "DBSCAN", "DictVectorizer", "DummyRegressor", "EmpiricalCovariance", "FeatureAgglomeration", "FeatureHasher", "FunctionTransformer", "GammaRegressor", "GaussianNB", "GenericUnivariateSelect", "HDBSCAN", "HashingVectorizer", "HuberRegressor", "IncrementalPCA", "IsotonicRegression", "KNNImputer", "KNeighborsClassifier", "KNeighborsRegressor", "KNeighborsTransformer", "KernelDensity", "KernelRidge", "LabelBinarizer", "LabelEncoder", "LabelPropagation", "LabelSpreading", "LarsCV", "LassoLarsCV", "LassoLarsIC", "LedoitWolf", "LinearDiscriminantAnalysis", "LinearRegression", "LocalOutlierFactor", "MaxAbsScaler", "MeanShift", "MinMaxScaler", "MissingIndicator", "MultiLabelBinarizer", "MultinomialNB", "NearestCentroid", "NearestNeighbors", "Normalizer", "OAS", "OPTICS", "OneHotEncoder", "OrdinalEncoder", "OrthogonalMatchingPursuit", "OrthogonalMatchingPursuitCV", "PLSCanonical", "PLSRegression", "PLSSVD", "PoissonRegressor", "PolynomialFeatures", "PowerTransformer", "QuadraticDiscriminantAnalysis", "QuantileRegressor", "RadiusNeighborsClassifier", "RadiusNeighborsRegressor", "RadiusNeighborsTransformer", "RidgeCV", "RidgeClassifierCV", "RobustScaler", "SelectFdr", "SelectFpr", "SelectFwe", "SelectKBest", "SelectPercentile", "ShrunkCovariance", "SimpleImputer", "SplineTransformer", "StandardScaler", "TfidfTransformer", "TfidfVectorizer", "TweedieRegressor", "VarianceThreshold", "LeaveOneOut", "LeavePOut", "GroupKFold", "LeaveOneGroupOut", "TimeSeriesSplit", "PredefinedSplit"],
        "",
    ),
    "KFold": "shuffle", "StratifiedKFold": "shuffle", "StratifiedGroupKFold": "shuffle", "LogisticRegression": "solver", "Ridge": "solver",
    "RidgeClassifier": "solver", "GaussianProcessRegressor": "n_restarts_optimizer optimizer",
}  # fmt: skip
#: scikit-learn's estimators and functions that draw only if what they are given does.
DELEGATING = frozenset(
    [
        "Pipeline",
        "make_pipeline",
        "FeatureUnion",
        "make_union",
        "ColumnTransformer",
        "make_column_transformer",
        "GridSearchCV",
        "cross_val_score",
        "cross_validate",
        "cross_val_predict",
        "learning_curve",
        "validation_curve",
        "VotingClassifier",
        "VotingRegressor",
        "OneVsRestClassifier",
        "OneVsOneClassifier",
        "MultiOutputRegressor",
        "MultiOutputClassifier",
        "RFE",
        "RFECV",
        "SelectFromModel",
        "TransformedTargetRegressor",
        "clone",
    ]
)

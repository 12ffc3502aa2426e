"""What the methods and attributes of libraries' objects do, by the kind of object, as data.

Read from pandas 3.1, NumPy 2.4, SciPy 1.17, scikit-learn 1.9, statsmodels 0.15, NetworkX 3.6, SymPy 1.14 and Python 3.13, with
names that only older versions have; ``tests/libraries/test_tables_against_libraries.py`` asks the installed ones.
A method that isn't listed is unknown code.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from naavre_ext.dataflow.tables import Kind


def words(text: str) -> frozenset[str]:
    """The names in a text."""
    return frozenset(text.split())


@dataclass(frozen=True, slots=True)
class Methods:
    """What is known about one kind of object.

    ``fresh`` and ``shares`` are the methods that change nothing: the result of the former shares nothing that can change
    with the object, that of the latter may be, hold or view it and the arguments. ``changes`` change the object, which may
    then hold the arguments; ``chains`` of those return the object itself. ``effects`` are effects on the world, ``results`` the shapes of
    what methods return (else ``result``), ``attributes`` those of attributes (else ``attribute``).
    """

    fresh: frozenset[str] = frozenset()
    shares: frozenset[str] = frozenset()
    changes: frozenset[str] = frozenset()
    chains: frozenset[str] = frozenset()
    effects: dict[str, str] = field(default_factory=dict)
    result: Kind = ""
    results: dict[str, str] = field(default_factory=dict)
    attribute: Kind = ""
    attributes: dict[str, str] = field(default_factory=dict)

    @property
    def pure(self) -> frozenset[str]:
        """The methods that change nothing."""
        return self.fresh | self.shares


def _each(shape: str, names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), shape)


_TO_FILES = _each("outside-write", "to_csv to_excel to_json to_parquet to_pickle to_hdf to_sql to_feather to_orc to_stata to_xml "
                  "to_gbq to_clipboard")  # fmt: skip

#: pandas' DataFrame, Series and Index. Where pandas has no copy-on-write (before 3) more results are views.
FRAME = Methods(
    fresh=words(
        "abs add add_prefix add_suffix agg aggregate all any apply applymap argmax argmin argsort asof autocorr between bool "
        "combine compare corr corrwith count cov cummax cummin cumprod cumsum describe diff div divide dot drop_duplicates "
        "duplicated eq equals explode factorize first_valid_index floordiv ge get_indexer gt idxmax idxmin identical info isin isna isnull isocalendar "
        "kurt kurtosis last_valid_index le lt mad map max mean median memory_usage melt merge min mod mode mul "
        "multiply ne nlargest notna notnull nsmallest nunique pct_change pivot_table pow prod product quantile radd rank rdiv rfloordiv rmod rmul round "
        "rpow rsub rtruediv searchsorted sem skew std sub subtract sum to_dict to_html to_latex to_list to_markdown to_string tolist transform "
        "truediv value_counts var add_categories as_ordered as_unordered case_when contains divmod equal_levels from_arrays from_arrow from_breaks from_product from_records from_tuples get_indexer_for get_indexer_non_unique get_loc_level get_locs indexer_at_time is_ overlaps putmask rdivmod remove_categories remove_unused_categories rename_categories reorder_categories set_categories slice_indexer to_julian_date to_pydatetime to_pytimedelta to_tuples total_seconds strftime month_name day_name get_loc slice_locs normalize "
        "assign copy dropna fillna rename replace reset_index set_index sort_index sort_values"
    ),
    shares=words(
        "align asfreq astype at_time between_time bfill clip combine_first convert_dtypes delete difference drop droplevel "
        "ewm expanding ffill filter first from_dict get get_level_values groupby head infer_objects intersection interpolate "
        "items iterrows itertuples join keys last mask pad backfill pipe pivot query ravel reindex reindex_like remove_unused_levels "
        "rename_axis reorder_levels repeat resample rolling sample select_dtypes set_axis set_flags set_names set_levels "
        "set_codes shift sortlevel squeeze stack swapaxes swaplevel symmetric_difference tail take to_flat_index to_frame to_list to_numpy to_period "
        "to_records to_series to_timestamp transpose truncate tz_convert tz_localize union unique unstack view where xs eval "
        "floor ceil as_unit snap"
    ),
    changes=words("insert pop update isetitem set_value"),
    effects={**_TO_FILES, **_each("figure", "plot hist boxplot"), "sample": "rng-draw"},
    result="frame",
    results={
        **_each("grouping", "groupby rolling expanding ewm resample"),
        **_each("str", "to_html to_latex to_markdown to_string"),
        **_each("list", "tolist to_list"),
        **_each("array", "to_numpy"),
        **_each("iterator<tuple<label,frame>>", "iterrows items"),
        **_each("", "pop get unique argmax argmin idxmax idxmin get_loc to_records set_value pipe align factorize itertuples"),
        **_each("figure", "plot hist boxplot"),
        "to_dict": "dict", "equals": "bool", "identical": "bool", "info": "none", "itertuples": "iterator",
        "update": "none", "isetitem": "none",
    },
    attribute="frame",
    attributes={
        **_each("accessor", "str dt cat list struct sparse"),
        **_each("indexer", "loc iloc at iat ix"),
        **_each("bool", "empty is_unique is_monotonic_increasing is_monotonic_decreasing hasnans"),
        **_each("int", "size ndim nbytes itemsize nlevels"),
        "shape": "tuple<int>", "values": "array", "plot": "plotter", "hist": "plotter", "style": "styler", "attrs": "dict",
        "names": "", "dtype": "", "array": "", "freq": "",
    },
)  # fmt: skip

#: Results of ``groupby``, ``rolling``, ``expanding``, ``ewm`` and ``resample``: they see later changes of their frame.
GROUPING = Methods(
    fresh=words(
        "agg aggregate all any asfreq bfill corr corrwith count cov cumcount cummax cummin cumprod cumsum describe diff "
        "ffill fillna first idxmax idxmin interpolate kurt last max mean median min nearest ngroup nlargest nsmallest nunique "
        "ohlc pct_change prod quantile rank sem shift size skew std sum transform unique value_counts var backfill pad mad"
    ),
    shares=words("apply filter get_group head nth pipe sample tail take rolling expanding ewm resample"),
    effects={**_each("figure", "plot hist boxplot"), "sample": "rng-draw"},
    result="frame",
    results={**_each("grouping", "rolling expanding ewm resample"), **_each("figure", "plot hist boxplot"), "pipe": ""},
    attribute="grouping",
    attributes={"plot": "plotter", "hist": "plotter", "groups": "dict", "indices": "dict", "ngroups": "int", "ndim": "int"},
)  # fmt: skip

#: ``.str``, ``.dt`` and ``.cat`` of a Series.
ACCESSOR = Methods(
    fresh=words(
        "add_categories as_ordered as_unordered as_unit asfreq capitalize casefold cat ceil center contains count day_name decode encode "
        "endswith extract extractall find findall floor fullmatch get get_dummies index isalnum isalpha isascii isdecimal isdigit islower "
        "isnumeric isocalendar isspace istitle isupper join len ljust lower lstrip match month_name normalize pad partition "
        "remove_categories remove_unused_categories removeprefix removesuffix rename_categories reorder_categories repeat replace "
        "rfind rindex rjust round rpartition rsplit rstrip set_categories slice slice_replace split startswith strftime strip swapcase "
        "title to_period to_pydatetime to_pytimedelta to_timestamp total_seconds translate tz_convert tz_localize upper wrap zfill"
    ),
    result="frame",
    attribute="frame",
)  # fmt: skip

#: ``.loc`` and its like; they are subscripted.
INDEXER = Methods(result="frame", attribute="")

#: ``DataFrame.style``: formatting changes it and returns it.
STYLER = Methods(
    shares=words("to_html to_latex to_string render copy export pipe"),
    changes=words("format format_index hide highlight_max highlight_min highlight_null highlight_between highlight_quantile bar background_gradient "
                  "text_gradient apply applymap map apply_index map_index set_caption set_properties set_precision set_table_styles set_table_attributes "
                  "set_sticky set_tooltips set_uuid set_na_rep set_td_classes hide_index hide_columns use concat clear relabel_index"),
    chains=words("format format_index hide highlight_max highlight_min highlight_null highlight_between highlight_quantile bar background_gradient "
                 "text_gradient apply applymap map apply_index map_index set_caption set_properties set_precision set_table_styles set_table_attributes "
                 "set_sticky set_tooltips set_uuid set_na_rep set_td_classes hide_index hide_columns use concat relabel_index"),
    effects={"to_excel": "outside-write"},
    results=_each("str", "to_html to_latex to_string render"),
)  # fmt: skip

#: ``numpy.ndarray`` and NumPy's scalars.
ARRAY = Methods(
    fresh=words(
        "all any argmax argmin argpartition argsort astype choose compress copy count cumprod cumsum dot dumps filled "
        "compressed flatten is_integer item max mean min nonzero prod ptp repeat searchsorted std sum take tobytes tolist tostring trace var"
    ),
    shares=words(
        "anom clip conj conjugate diagonal getfield ravel reshape round squeeze swapaxes transpose view newbyteorder "
        "as_integer_ratio bit_count hex to_device"
    ),
    changes=words("byteswap fill itemset partition put resize setfield setflags sort harden_mask soften_mask shrink_mask unshare_mask "
                  "set_fill_value"),
    effects=_each("outside-write", "tofile dump"),
    results={
        **_each("array", "copy astype reshape ravel flatten transpose swapaxes repeat cumsum cumprod argsort nonzero conj conjugate "
                "diagonal squeeze view compress compressed"),
        **_each("none", "fill itemset partition put resize setfield setflags sort"),
        "item": "num", "tolist": "list", "tobytes": "bytes", "nonzero": "tuple",
    },
    attribute="array",
    attributes={**_each("int", "size ndim itemsize nbytes"), "shape": "tuple<int>", "dtype": "", "flags": ""},
)  # fmt: skip

#: SciPy's sparse arrays.
SPARSE = Methods(
    fresh=words(
        "arcsin arcsinh arctan arctanh argmax argmin ceil copy count_nonzero deg2rad dot expm1 floor "
        "get_shape getcol getformat getnnz getrow log1p max maximum mean min minimum multiply nanmax nanmin nonzero power rad2deg rint sign "
        "sin sinh sorted_indices sqrt sum tan tanh toarray todense trace trunc"
    ),
    shares=words("asformat asfptype astype conj conjugate diagonal getH reshape tobsr tocoo tocsc tocsr todia todok tolil transpose"),
    changes=words("eliminate_zeros prune resize setdiag sort_indices sum_duplicates set_shape"),
    result="sparse",
    results={**_each("array", "toarray todense diagonal"), **_each("", "max min mean sum trace nonzero argmax argmin count_nonzero "
             "getnnz get_shape getformat nanmax nanmin dot multiply"),
             **_each("none", "eliminate_zeros prune resize setdiag sort_indices sum_duplicates set_shape")},
    attributes={"shape": "tuple<int>", "nnz": "int", "T": "sparse"},
)  # fmt: skip

#: Probability distributions of ``scipy.stats``, frozen or not, and kernel density estimates.
DISTRIBUTION = Methods(
    fresh=words(
        "cdf covariance_factor entropy evaluate expect fit fit_loc_scale integrate_box integrate_box_1d integrate_gaussian "
        "integrate_kde interval isf logcdf logpdf logpmf logsf mean median moment nnlf pdf pmf ppf scotts_factor sf silverman_factor "
        "stats std support var rvs resample"
    ),
    shares=words("freeze marginal"),
    changes=words("set_bandwidth"),
    effects=_each("rng-draw", "rvs resample"),
)  # fmt: skip

#: Interpolators, polynomials, search trees: objects that are called or asked, and stay as they are.
CALLABLE = Methods(
    fresh=words("antiderivative copy cutdeg degree derivatives get_residual integral integrate linspace query query_ball_point query_ball_tree "
                "query_pairs count_neighbors sparse_distance_matrix roots solve trim truncate"),
    shares=words("derivative deriv integ get_coeffs get_knots"),
    changes=words("set_smoothing_factor extend"),
    results=_each("callable", "antiderivative derivative deriv integ"),
)  # fmt: skip

#: ``scipy.integrate.ode``: it keeps its state.
INTEGRATOR = Methods(
    fresh=words("successful get_return_code"),
    changes=words(
        "set_initial_value set_integrator set_f_params set_jac_params set_solout integrate step"
    ),
    chains=words("set_initial_value set_integrator set_f_params set_jac_params"),
    results=_each("array", "integrate"),
)

#: NetworkX's graphs: what is read of one is a view of it.
GRAPH = Methods(
    fresh=words("has_edge has_node has_predecessor has_successor is_directed is_multigraph new_edge_key number_of_edges "
                "number_of_nodes order size to_directed_class to_undirected_class"),
    shares=words("adjacency copy degree edge_subgraph edges get_edge_data in_degree in_edges nbunch_iter neighbors nodes out_degree "
                 "out_edges predecessors reverse subgraph successors to_directed to_undirected"),
    changes=words("add_edge add_edges_from add_node add_nodes_from add_weighted_edges_from clear clear_edges remove_edge "
                  "remove_edges_from remove_node remove_nodes_from update add_path add_cycle add_star"),
    results={
        **_each("int", "number_of_edges number_of_nodes order"),
        **_each("bool", "has_edge has_node has_predecessor has_successor is_directed is_multigraph"),
        **_each("graph", "copy edge_subgraph reverse subgraph to_directed to_undirected"),
        **_each("graphview", "degree edges in_degree in_edges nodes out_degree out_edges"),
        **_each("iterator", "neighbors predecessors successors nbunch_iter adjacency"),
    },
    attributes=_each("graphview", "nodes edges adj degree in_degree out_degree in_edges out_edges succ pred graph"),
)  # fmt: skip
GRAPH_VIEW = Methods(shares=words("data items keys values get isdisjoint copy"))

#: scikit-learn's estimators read; what fits them is told apart by their seeds.
ESTIMATOR = Methods(
    fresh=words(
        "predict score predict_proba predict_log_proba decision_function get_feature_names_out "
        "kneighbors kneighbors_graph radius_neighbors radius_neighbors_graph score_samples apply staged_predict staged_predict_proba "
        "staged_decision_function get_support get_depth get_n_leaves get_n_splits aic bic mahalanobis perplexity "
        "error_norm get_covariance get_precision cost_complexity_pruning_path decision_path build_analyzer build_tokenizer "
        "build_preprocessor get_stop_words get_scorer get_metadata_routing reconstruction_error"
    ),
    shares=words("transform inverse_transform get_params split"),
    changes=words("fit partial_fit fit_transform fit_predict set_params set_output sparsify densify set_fit_request "
                  "set_score_request set_predict_request set_transform_request"),
    chains=words("fit partial_fit set_params set_output sparsify densify"),
    effects=_each("rng-draw", "fit partial_fit fit_transform fit_predict split"),
    results={"score": "float", "split": "iterator", "get_params": "dict",
             **_each("array", "predict predict_proba predict_log_proba decision_function fit_predict")},
    attributes={"best_estimator_": "estimator", "named_steps": "", "steps": "",
                **_each("array", "coef_ labels_ cluster_centers_ components_ feature_importances_ explained_variance_ explained_variance_ratio_ "
                        "singular_values_ mean_ scale_ var_ classes_ support_vectors_ means_ covariances_ weights_")},
)  # fmt: skip

#: statsmodels' models: fitting leaves traces in them.
MODEL = Methods(
    fresh=words("predict loglike score information hessian score_obs"),
    changes=words(
        "fit fit_regularized fit_constrained select_order initialize smooth filter set_null_options"
    ),
    effects={"simulate": "rng-draw"},
    results=_each("results", "fit fit_regularized fit_constrained smooth filter"),
)
#: What their ``fit`` returns.
RESULTS = Methods(
    fresh=words(
        "summary summary2 predict forecast conf_int f_test t_test wald_test wald_test_terms t_test_pairwise cov_params get_prediction get_forecast "
        "get_margeff compare_f_test compare_lr_test compare_lm_test test_normality test_serial_correlation test_heteroskedasticity test_causality "
        "test_whiteness impulse_responses irf fevd normalized_cov_params outlier_test el_test info_criteria "
    ),
    shares=words("get_influence get_robustcov_results append extend apply refit pred_table summary_frame as_text as_html as_latex as_csv"),
    changes=words("remove_data"),
    effects={"simulate": "rng-draw", "save": "outside-write",
             **_each("figure", "plot_diagnostics plot_predict plot_forecast plot_cusum plot_recursive_coefficient plot plot_acorr "
                     "plot_sim plot_influence")},
    results=_each("results", "append extend apply refit get_robustcov_results"),
)  # fmt: skip

#: SymPy's expressions, which never change. (Its matrices do.)
EXPRESSION = Methods(
    fresh=words(
        "subs diff integrate simplify expand factor evalf n doit series limit xreplace replace collect apart together cancel "
        "trigsimp radsimp powsimp ratsimp nsimplify rewrite refine conjugate as_numer_denom as_real_imag coeff as_poly as_coeff_Mul "
        "as_coeff_Add as_ordered_terms as_ordered_factors as_independent as_coefficients_dict has atoms count count_ops equals is_constant is_polynomial "
        "match find args_cnc lseries nseries getO removeO leadterm as_leading_term round sort_key transpose adjoint normal "
        "all_coeffs coeffs monoms terms degree nroots all_roots real_roots as_expr eval total_degree LC LM TC as_dict "
        "as_set to_nnf to_cnf contains union intersect intersection complement is_subset powerset invert gcd lcm div quo rem primitive"
    ),
    result="",
    results=_each("expr", "subs diff simplify expand factor evalf n doit limit xreplace collect apart together cancel trigsimp radsimp "
                  "powsimp ratsimp nsimplify rewrite refine conjugate coeff removeO as_expr series integrate"),
)  # fmt: skip
MATRIX = Methods(
    fresh=words("det rank trace norm eigenvals eigenvects nullspace columnspace rowspace inv rref charpoly is_symmetric cholesky LUdecomposition "
                "QRdecomposition LUsolve QRsolve solve dot cross jacobian diagonalize jordan_form singular_values pinv is_diagonalizable "
                "adjugate cofactor minor exp tolist applyfunc subs diff integrate evalf n doit expand factor limit xreplace "
                "multiply add row col copy transpose conjugate reshape extract hstack vstack vec values as_immutable as_mutable"),
    changes=words("row_swap col_swap row_op col_op row_del col_del zip_row_op fill copyin_matrix copyin_list simplify"),
    results=_each("matrix", "inv transpose conjugate applyfunc subs diff evalf n doit expand copy reshape extract row col multiply add pinv adjugate"),
    attributes={"shape": "tuple<int>", "rows": "int", "cols": "int", "T": "matrix", "H": "matrix", "C": "matrix"},
)  # fmt: skip

#: Python's compiled patterns and matches, which never change.
PATTERN = Methods(
    fresh=words("search match fullmatch findall finditer split sub subn "),
    results={"search": "match", "match": "match", "fullmatch": "match", "finditer": "iterator<match>", "sub": "str", "findall": "list",
             "split": "list"},
    attributes={"pattern": "str", "flags": "int", "groups": "int"},
)  # fmt: skip
MATCH = Methods(
    fresh=words("group groups groupdict start end span expand"),
    results={
        "start": "int",
        "end": "int",
        "span": "tuple<int,int>",
        "groupdict": "dict",
        "expand": "str",
    },
    attributes={"string": "str", "pos": "int", "endpos": "int", "lastgroup": "str"},
)

#: Data sets as scikit-learn and statsmodels hand them out.
BUNCH = Methods(
    shares=words("keys values items get copy"),
    attributes={"DESCR": "str", "frame": "frame", "filename": "str"},
)

#: tqdm's progress bars.
PROGRESS = Methods(
    fresh=words("format_dict"),
    changes=words(
        "update set_postfix set_postfix_str set_description set_description_str refresh reset clear close display "
        "unpause moveto write"
    ),
    result="none",
)

METHODS: dict[Kind, Methods] = {
    "frame": FRAME, "grouping": GROUPING, "accessor": ACCESSOR, "indexer": INDEXER, "styler": STYLER, "array": ARRAY, "sparse": SPARSE,
    "distribution": DISTRIBUTION, "callable": CALLABLE, "integrator": INTEGRATOR, "graph": GRAPH, "graphview": GRAPH_VIEW,
    "estimator": ESTIMATOR, "estimator seeded": ESTIMATOR, "estimator in place": ESTIMATOR, "model": MODEL, "results": RESULTS, "expr": EXPRESSION, "matrix": MATRIX,
    "pattern": PATTERN, "match": MATCH, "bunch": BUNCH, "progress": PROGRESS,
}  # fmt: skip
#: Kinds whose parts, where they are subscripted, are of the same kind or of this one.
SUBSCRIPTS: dict[Kind, Kind] = {
    "frame": "frame",
    "indexer": "frame",
    "accessor": "frame",
    "grouping": "grouping",
    "sparse": "sparse",
}

# ruff: noqa: E501  (one row per surprise)
"""NetworkX, SymPy and the standard library."""

from __future__ import annotations

from notebook_row import row, sampled, split

#: Makes a cell worth another worker.
_COSTLY = "costly = sum(i * i for i in range(3))"

ROWS = sampled(
    {
        "a graph that grows": row(
            "import networkx as nx\nG = nx.path_graph(4)",
            "a = nx.shortest_path_length(G, 0, 3)\n" + _COSTLY,
            "G.add_edge(0, 3, weight=2.5)\nG.nodes[1]['label'] = 'one'",
            "b = nx.shortest_path_length(G, 0, 3)\n" + _COSTLY,
            "nx.set_node_attributes(G, 7, 'size')",
            "c = dict(G.degree()), sorted(nx.get_node_attributes(G, 'size').items())\n" + _COSTLY,
            "nx.add_path(G, [3, 8, 9])\nG.remove_node(0)",
            "print(a, b, c, list(G.edges(data=True)), G.nodes[1])\ndel G",
        ),
        "views of a graph": row(
            "import networkx as nx\nG = nx.cycle_graph(5)\nnodes, part = G.nodes, G.subgraph([0, 1, 2])\ncopied = G.copy()",
            "G.add_node('new')\nG.remove_edge(0, 1)",
            "print(len(nodes), part.number_of_edges(), copied.number_of_edges())\n" + _COSTLY,
            "part.nodes[2]['seen'] = True",
            "print(G.nodes[2], copied.nodes[2])\n" + _COSTLY,
            "del nodes, part, copied, G",
        ),
        "layouts draw": row(
            "import networkx as nx, numpy as np, random\nnp.random.seed(2)\nrandom.seed(2)\nG = nx.complete_graph(4)",
            "a = nx.spring_layout(G)",
            "b = nx.random_layout(G, seed=1)\n" + _COSTLY,
            "H = nx.gnp_random_graph(6, 0.5)",
            "c = nx.circular_layout(G)\n" + _COSTLY,
            "print(a[0], b[0], sorted(H.edges()), c[0], np.random.rand(), random.random())\ndel a, b, c, G, H",
        ),
        "centralities side by side": row(
            "import networkx as nx\nG = nx.karate_club_graph()",
            "a = nx.degree_centrality(G)\n" + _COSTLY,
            "b = nx.pagerank(G)\n" + _COSTLY,
            "c = [sorted(group) for group in nx.connected_components(G)]",
            "d = nx.clustering(G, 0), nx.density(G)\n" + _COSTLY,
            "print(round(a[0], 6), round(b[0], 6), len(c), d)\ndel G",
        ),
        "looking at parts of a sparse matrix": row(
            "import scipy.sparse as sp\nm = sp.csr_matrix([[0, 1.5], [2, 0], [0, 0], [-3, 4]])\n"
            "parts, part = [m[i : i + 2] for i in range(3)], m[1:]",
            split(
                "sums = []\nfor p in parts:\n    sums.append((abs(p).sum(), (abs(part) @ p.T).toarray()))"
            ),
            "print(sums)",
            splits=1,
        ),
        "loop over nodes": row(
            "import networkx as nx\nG = nx.path_graph(6)\nlengths = {}",
            split(
                "for node in G.nodes():\n    lengths[node] = nx.single_source_shortest_path_length(G, node)"
            ),
            "print(lengths[0])",
        ),
        "symbols": row(
            "import sympy as sp\nx, y = sp.symbols('x y')\nn = sp.Symbol('n', integer=True, positive=True)",
            "a = sp.integrate(sp.sin(x) * x, x)\n" + _COSTLY,
            "b = sp.simplify((x ** 2 - y ** 2) / (x - y))\n" + _COSTLY,
            "c = sp.sqrt(n ** 2), sp.sqrt(x ** 2), sp.cos(sp.pi * n)\n" + _COSTLY,
            "x = sp.Symbol('x', positive=True)",
            "d = sp.sqrt(x ** 2), a.subs(x, 2)\n" + _COSTLY,
            "print(a, b, c, d, a.free_symbols == {x}, n.is_positive)\ndel a, b, c, d, n, x, y",
        ),
        "solutions are lists": row(
            "import sympy as sp\nx = sp.Symbol('x')",
            "found = sp.solve(x ** 2 - 4, x)",
            "first = list(found)\n" + _COSTLY,
            "found.append(0)",
            "print(first, found)\n" + _COSTLY,
            "f = sp.lambdify(x, x ** 2 + 1)",
            "print(f(3))\n" + _COSTLY,
        ),
        "matrices change": row(
            "import sympy as sp\nx = sp.Symbol('x')\nM = sp.Matrix([[x, 1], [2, 3]])",
            "d = M.det()\n" + _COSTLY,
            "M[0, 0] = 5",
            "e = M.det()\nS = sp.simplify(M)",
            "S[0, 1] = 100",
            "print(d, e, M, S)\n" + _COSTLY,
        ),
        "init_printing": row(
            "import sympy as sp\nx = sp.Symbol('x')\nx ** 2",
            "sp.init_printing(use_latex='mathjax')",
            "e = sp.expand((x + 1) ** 3)\n" + _COSTLY + "\ne",
            "f = sp.factor(e)\n" + _COSTLY + "\nf",
            in_process=False,
        ),
        "assumptions that are stated later": row(
            "import sympy as sp\nfrom sympy.assumptions import global_assumptions\nx = sp.Symbol('x')",
            "a = sp.ask(sp.Q.positive(x))\n" + _COSTLY,
            "global_assumptions.add(sp.Q.positive(x))",
            "b = sp.ask(sp.Q.positive(x))\n" + _COSTLY,
            "global_assumptions.clear()",
            "print(a, b)",
        ),
        "matches and patterns": row(
            "import re\npattern = re.compile(r'(\\w)(\\d)')",
            "m = re.search(r'b(\\d)', 'a1 b2')\na = m.group(1), m.span()\n" + _COSTLY,
            "b = [m.groups() for m in pattern.finditer('a1 b2')]",
            "c = pattern.sub('x', 'a1 b2'), re.split(r'\\s', 'a b')\n" + _COSTLY,
            "print(a, b, c)\ndel m",
        ),
        "a database": row(
            "import sqlite3, pandas as pd\ndb = sqlite3.connect(':memory:')",
            "pd.DataFrame({'a': [1, 2]}).to_sql('t', db, index=False)\nNone",
            "print(pd.read_sql('select * from t', db))",
            "db.execute('insert into t values (3)')\ndb.commit()",
            "print(db.execute('select count(*) from t').fetchone())\ndb.close()\ndel db",
        ),
        "copies of a graph without a node": row(
            "import networkx as nx\nG = nx.path_graph(6)\nfor n in G: G.nodes[n]['tags'] = [n]",
            "# split: without one\n# batches: 3\nout = []\nfor n in list(G):\n    H = G.copy()\n    H.remove_nodes_from([n])\n"
            "    out.append(nx.number_connected_components(H))",
            "# split: what copies share\n# batches: 3\nseen = []\nfor n in list(G):\n    H = G.copy()\n"
            "    H.nodes[n]['tags'].append(-1)\n    seen.append(len(G.nodes[n]['tags']))",
            "K = G.copy()\nK.add_edge(0, 'new')",
            "V = G.copy(as_view=True)\nG.add_edge('a', 'b')",
            "print(out, seen, G.number_of_edges(), K.number_of_edges(), V.has_edge('a', 'b'), dict(G.nodes(data='tags')))",
            splits=1,
        ),
        "lazy tools": row(
            "import itertools, functools, operator, collections\nnumbers = itertools.count(1)\nd = collections.OrderedDict(a=1)",
            "a = next(numbers)",
            "b = list(itertools.islice(numbers, 2))",
            "total = functools.reduce(operator.add, [1, 2, 3])\n" + _COSTLY,
            "d.move_to_end('a')\nd['b'] = 2\nd.move_to_end('a')",
            "print(a, b, next(numbers), total, d)\ndel numbers",
        ),
        "logging and warnings": row(
            "import logging, warnings, sys\nlogging.basicConfig(stream=sys.stdout, format='%(levelname)s %(message)s', force=True)",
            "logging.warning('first')\n" + _COSTLY,
            "logging.getLogger().setLevel(logging.DEBUG)",
            "logging.debug('second')\n" + _COSTLY,
            "warnings.filterwarnings('ignore')",
            "warnings.warn('silent')\n" + _COSTLY + "\nprint('done')",
            "logging.getLogger().setLevel(logging.WARNING)\nlogging.getLogger().handlers.clear()",
        ),
    },
    "centralities side by side",
    "symbols",
    "loop over nodes",
)

"""What is put into arrays and tables, and changed afterwards."""

from __future__ import annotations

from notebook_row import row, split

ROWS = {
    "lists in an array of objects": row(
        "import numpy as np\nimport pandas as pd\nout = np.empty(4, dtype=object)\n"
        "df = pd.DataFrame({'a': [None] * 4}, dtype=object)",
        split(
            "for x in range(4):\n    found = [x]\n    found.append(2 * x)\n    out[x] = found\n"
            "    df.at[x, 'a'] = found"
        ),
        "out[1].append('new')\nprint(out, df)",
        splits=1,
    ),
    "lists in an array of objects, filled later": row(
        "import numpy as np\nout = np.empty(4, dtype=object)",
        split("for x in range(4):\n    found = []\n    out[x] = found\n    found.append(x)"),
        "print(out)",
        splits=0,
        on_ray=False,
    ),
    "lists in an array of numbers, changed later": row(
        "import numpy as np\nout = np.zeros((4, 1, 2))",
        split("for x in range(4):\n    found = [[0, x]]\n    out[x] = found\n    found[0][0] = 7"),
        "print(out.tolist(), found)",
        splits=1,
        on_ray=False,
    ),
}

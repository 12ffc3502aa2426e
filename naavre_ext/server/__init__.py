"""The Jupyter server extension: REST and a websocket below ``/naavre-ext/``. Importing it stays light."""

"""`python -m benchmarks.references limit --port 8001`: start a reference as the service starts itself."""

import importlib

import click
import uvicorn


@click.command()
@click.argument("name", type=click.Choice(["limit", "bare"]))
@click.option("--port", type=int, required=True, help="Port of 127.0.0.1 to listen on.")
def main(name: str, port: int) -> None:
    """Serve the reference NAME with one worker; DATABASE_URL names the database."""
    app = importlib.import_module(f"benchmarks.references.{name}").create_app()
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )


if __name__ == "__main__":
    main()

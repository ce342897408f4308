"""`python -m tests.support.delivery_service`; see `--help`."""

import asyncio
import sys

from tests.support.delivery_service.options import parse
from tests.support.delivery_service.service import Service


async def main() -> None:
    await Service(parse(sys.argv[1:])).run()


if __name__ == "__main__":
    asyncio.run(main())

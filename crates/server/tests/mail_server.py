"""A real SMTP server for tests: prints its port, then one JSON line for each mail that it took.

With an argument it refuses so many mails first, with a reason that may pass.
"""

import asyncio
import email
import email.policy
import json
import sys

from aiosmtpd.smtp import SMTP

refusals = int(sys.argv[1]) if len(sys.argv) > 1 else 0


class Box:
    async def handle_DATA(self, server, session, envelope):
        global refusals
        if refusals > 0:
            refusals -= 1
            return "451 try again later"
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        parts = {p.get_content_type(): p.get_content() for p in mail.walk() if not p.is_multipart()}
        print(json.dumps({
            "to": envelope.rcpt_tos, "from": envelope.mail_from, "subject": str(mail["Subject"]), "id": mail["Message-ID"],
            "unsubscribe": mail["List-Unsubscribe"], "post": mail["List-Unsubscribe-Post"], "parts": parts,
        }), flush=True)
        return "250 taken"


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Box(), loop=loop), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())

"""小程序客服后端：收推送，立即应答，通过接口回复，转人工。 Python 3.9+.
A customer-service backend: takes WeChat's pushes, answers at once, replies through the API, transfers to people.

Secure mode where WECHAT_ENCODING_AES_KEY is set (needs python3-cryptography); else plain mode, with nothing to install.
"""

import http.server
import json
import os
import queue
import threading
import time
import urllib.parse
import urllib.request
from collections import OrderedDict

from pushes import Pushes, Refused

MAX_BODY_BYTES = 64 * 1024


class WeChat:
    """WeChat's API with an access token that is kept until it ends."""

    def __init__(self, app_id, app_secret, base="https://api.weixin.qq.com"):
        self.app_id, self.app_secret, self.base = app_id, app_secret, base
        self.token, self.until = None, 0

    def reply(self, open_id, content):
        message = {"touser": open_id, "msgtype": "text", "text": {"content": content}}
        answer = self.post("/cgi-bin/message/custom/send?access_token=" + self.access_token(), message)
        if answer.get("errcode") in (40001, 40014, 42001):  # the token has ended: nothing was sent
            token = self.access_token(renew=True)
            answer = self.post("/cgi-bin/message/custom/send?access_token=" + token, message)
        if answer.get("errcode"):
            raise RuntimeError(f"WeChat answered {answer['errcode']}")

    def access_token(self, renew=False):
        if renew or time.monotonic() > self.until:
            asked = {"grant_type": "client_credential", "appid": self.app_id, "secret": self.app_secret}
            answer = self.post("/cgi-bin/stable_token", {**asked, "force_refresh": renew})
            if "access_token" not in answer:
                raise RuntimeError(f"no access token: WeChat answered {answer.get('errcode')}")
            self.token = answer["access_token"]
            self.until = time.monotonic() + answer["expires_in"] - 300
        return self.token

    def post(self, path, value):
        body = json.dumps(value, ensure_ascii=False).encode()
        with urllib.request.urlopen(urllib.request.Request(self.base + path, body), timeout=10) as response:
            return json.load(response)


class Backend:
    """Answers each push at once, and works on them in their order afterwards."""

    def __init__(self, pushes, wechat):
        self.pushes, self.wechat = pushes, wechat
        self.seen, self.lock = OrderedDict(), threading.Lock()
        self.work = queue.Queue()
        threading.Thread(target=self.run, daemon=True).start()

    def answer(self, body, query):
        """What WeChat is answered. Raises Refused."""
        try:
            push = self.pushes.read(body, query)
            names = {"ToUserName": push["FromUserName"], "FromUserName": push["ToUserName"]}
        except (ValueError, KeyError):
            # It is WeChat's, so it is a customer's: an error would tell them that the service is out of order.
            print("a push can't be read", flush=True)
            return "success"
        if str(push.get("Content", "")).strip() in ("人工", "转人工"):
            transfer = {"CreateTime": int(time.time()), "MsgType": "transfer_customer_service"}
            return self.pushes.write({**names, **transfer})
        if self.is_new(push):
            self.work.put(push)
        return "success"

    def is_new(self, push):
        """WeChat pushes again what it has no answer to."""
        kind = push.get("MsgId") or (push.get("CreateTime"), push.get("Event"))
        key = (push.get("FromUserName"), kind)
        with self.lock:
            if key in self.seen:
                return False
            self.seen[key] = True
            if len(self.seen) > 10_000:
                self.seen.popitem(last=False)
            return True

    def run(self):
        while True:
            push = self.work.get()
            try:
                if push.get("MsgType") == "text":
                    self.wechat.reply(push["FromUserName"], "您说：" + push["Content"])
            except Exception as error:  # one customer's trouble must not stop the others
                print("reply failed:", type(error).__name__, flush=True)


def serve(backend, port=0):
    """An HTTP server for the backend; the caller runs serve_forever()."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.handle_push(lambda query: backend.pushes.verify(query) or query.get("echostr", ""))

        def do_POST(self):
            body = self.read_body()
            self.handle_push(lambda query: backend.answer(body, query))

        def handle_push(self, answer):
            query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
            try:
                status, text = 200, answer(query)
            except Refused:
                status, text = 403, "refused"
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def read_body(self):
            if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                return self.rfile.read(min(int(self.headers.get("Content-Length") or 0), MAX_BODY_BYTES))
            body = b""
            while (size := int(self.rfile.readline(20), 16)) > 0 and len(body) < MAX_BODY_BYTES:
                body += self.rfile.read(min(size, MAX_BODY_BYTES))
                self.rfile.readline(2)
            return body

        def log_message(self, *_):
            pass  # the query in it would let others forge a push

    return http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)


def backend_from(env):
    app_id = env["WECHAT_APP_ID"]
    pushes = Pushes(app_id, env["WECHAT_TOKEN"], env.get("WECHAT_ENCODING_AES_KEY"))
    base = env.get("WECHAT_API_URL", "https://api.weixin.qq.com")
    return Backend(pushes, WeChat(app_id, env["WECHAT_APP_SECRET"], base))


if __name__ == "__main__":
    serve(backend_from(os.environ), int(os.environ.get("PORT", "8080"))).serve_forever()

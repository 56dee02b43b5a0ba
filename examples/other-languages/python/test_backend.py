"""The backend against the emulated WeChat: KEFU_EMULATOR=http://127.0.0.1:3001 python3 -m unittest"""

import json
import os
import secrets
import threading
import unittest
import urllib.error
import urllib.parse
import urllib.request

from backend import backend_from, serve

EMULATOR = os.environ.get("KEFU_EMULATOR", "http://127.0.0.1:3001")


def call(method, url, value=None, headers=None):
    body = None if value is None else json.dumps(value).encode()
    asked = {"Content-Type": "application/json", **(headers or {})}
    request = urllib.request.Request(url, body, asked, method=method)
    with urllib.request.urlopen(request, timeout=30) as response:
        text = response.read()
        return json.loads(text) if text else None


class Shop:
    """A world of the emulator with one Mini Program, and the backend that it pushes to."""

    secure = True

    @classmethod
    def setUpClass(cls):
        # A world of its own: other tests may use the same emulator at the same time.
        name = "python-" + secrets.token_hex(4)
        cls.world = f"{EMULATOR}/w/{name}"
        cls.addClassCleanup(call, "DELETE", f"{EMULATOR}/_emulator/worlds/{name}")
        env = {
            "WECHAT_APP_ID": "wx" + secrets.token_hex(8),
            "WECHAT_APP_SECRET": secrets.token_hex(16),
            "WECHAT_TOKEN": secrets.token_hex(8),
            "WECHAT_API_URL": cls.world,
        }
        if cls.secure:
            env["WECHAT_ENCODING_AES_KEY"] = secrets.token_hex(22)[:43]
        server = serve(backend_from(env))
        cls.addClassCleanup(server.server_close)
        cls.addClassCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        cls.push_url = f"http://127.0.0.1:{server.server_port}/wechat"
        app = {
            "appId": env["WECHAT_APP_ID"],
            "appSecret": env["WECHAT_APP_SECRET"],
            "token": env["WECHAT_TOKEN"],
            "mode": "secure" if cls.secure else "plain",
            "pushUrl": cls.push_url,
        }
        if cls.secure:
            app["encodingAESKey"] = env["WECHAT_ENCODING_AES_KEY"]
        call("POST", cls.world + "/_emulator/apps", app)
        cls.app = f"{cls.world}/_emulator/apps/{app['appId']}"

    def says(self, open_id, content):
        """The delivery, when it was answered or has failed."""
        message = {"msgType": "text", "content": content}
        return call("POST", f"{self.app}/users/{open_id}/messages", message)

    def receives(self, open_id, count=1):
        """The service's texts on the phone, as soon as there are as many."""
        texts, after = [], 0
        while len(texts) < count:
            items = call("GET", f"{self.app}/users/{open_id}/messages?after={after}&wait=10000")["items"]
            if not items:
                raise AssertionError(f"nothing came for 10 s after {texts}")
            after = items[-1]["sequence"]
            texts += [item["content"]["content"] for item in items if item["from"] == "service"]
        return texts

    def fails_next(self, **fault):
        call("POST", self.world + "/_emulator/faults", fault)

    def test_the_url_is_verified(self):
        self.assertEqual(call("POST", self.app + "/verify"), {"ok": True, "status": 200, "problem": None})

    def test_a_text_is_answered_at_once_and_replied_to(self):
        self.assertEqual(self.says("o-text", "你好 😀 <&>")["answer"], "success")
        self.assertEqual(self.receives("o-text"), ["您说：你好 😀 <&>"])

    def test_who_asks_for_a_person_is_transferred(self):
        self.assertEqual(self.says("o-person", "转人工")["answer"], "transfer")

    def test_a_token_that_has_ended_is_renewed(self):
        self.fails_next(path="/cgi-bin/message/custom/send", errcode=42001, openId="o-token")
        self.says("o-token", "在吗")
        self.assertEqual(self.receives("o-token"), ["您说：在吗"])
        calls = call("GET", self.world + "/_emulator/calls?path=/cgi-bin/message/custom/send&openId=o-token")
        self.assertEqual(len(calls["items"]), 2)

    def test_a_push_that_comes_twice_is_replied_to_once(self):
        self.fails_next(push="duplicate", openId="o-twice")
        self.assertEqual(len(self.says("o-twice", "一")["attempts"]), 2)
        self.says("o-twice", "二")
        # Replies keep their order: a second one to the first message would stand before this one.
        self.assertEqual(self.receives("o-twice", 2), ["您说：一", "您说：二"])

    def test_a_stranger_is_refused(self):
        for query in ("", "?signature=0&timestamp=0&nonce=0"):
            with self.assertRaises(urllib.error.HTTPError) as refused:
                call("POST", self.push_url + query, {"MsgType": "text"})
            self.assertEqual(refused.exception.code, 403)


class SecureMode(Shop, unittest.TestCase):
    pass


class PlainMode(Shop, unittest.TestCase):
    secure = False


class ByTheNameOfItsContainer(unittest.TestCase):
    """The emulator takes a container's name where it was started with --allow-host kefu-emulator."""

    def test_a_name_that_is_allowed_is_answered_and_another_is_not(self):
        apps = EMULATOR + "/_emulator/apps"
        self.assertIn("items", call("GET", apps, headers={"Host": "kefu-emulator:3001"}))
        with self.assertRaises(urllib.error.HTTPError) as refused:
            call("GET", apps, headers={"Host": "another-host"})
        self.assertEqual(refused.exception.code, 403)


if __name__ == "__main__":
    unittest.main()

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The backend against the emulated WeChat:
 * javac -d out *.java && KEFU_EMULATOR=http://127.0.0.1:3001 java -cp out BackendTest
 */
final class BackendTest implements AutoCloseable {
    private static final String EMULATOR = System.getenv().getOrDefault("KEFU_EMULATOR", "http://127.0.0.1:3001");
    private static final HttpClient CLIENT = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    /** A message on the phone; the emulator writes its JSON close together. */
    private static final Pattern MESSAGE = Pattern.compile(
            "\"sequence\":(\\d+),[^{}]*\"from\":\"(\\w+)\"[^{}]*\"content\":\\{[^{}]*\"content\":\"((?:[^\"\\\\]|\\\\.)*)\"");
    private static int failed = 0;

    private final String mode;
    private final String name = "java-" + random(4);
    private final String world = EMULATOR + "/w/" + name;
    private final String app;
    private final Backend backend;

    public static void main(String[] args) throws Exception {
        for (String mode : List.of("secure", "plain"))
            try (BackendTest shop = new BackendTest(mode)) {
                shop.runAll();
            }
        System.exit(failed == 0 ? 0 : 1);
    }

    private void runAll() {
        test("the URL is verified", () -> contains(call("POST", app + "/verify", ""), "\"ok\":true"));
        test("a text is answered at once and replied to", () -> {
            contains(says("o-text", "你好 😀 <&>"), "\"answer\":\"success\"");
            same(List.of("您说：你好 😀 <&>"), receives("o-text", 1));
        });
        test("who asks for a person is transferred",
                () -> contains(says("o-person", "转人工"), "\"answer\":\"transfer\""));
        test("a token that has ended is renewed", () -> {
            failsNext("{\"path\":\"/cgi-bin/message/custom/send\",\"errcode\":42001,\"openId\":\"o-token\"}");
            says("o-token", "在吗");
            same(List.of("您说：在吗"), receives("o-token", 1));
        });
        test("a push that comes twice is replied to once", () -> {
            failsNext("{\"push\":\"duplicate\",\"openId\":\"o-twice\"}");
            contains(says("o-twice", "一"), "\"number\":2");
            says("o-twice", "二");
            // Replies keep their order: a second one to the first message would stand before this one.
            same(List.of("您说：一", "您说：二"), receives("o-twice", 2));
        });
        test("a stranger is refused", () -> {
            for (String query : List.of("", "?signature=0&timestamp=0&nonce=0"))
                same(403, send("POST", backend.url() + query, "<xml></xml>").statusCode());
        });
    }

    /** A world of the emulator with one Mini Program, and the backend that it pushes to. */
    private BackendTest(String mode) throws Exception {
        this.mode = mode;
        Map<String, String> env = new HashMap<>();
        env.put("WECHAT_APP_ID", "wx" + random(8));
        env.put("WECHAT_APP_SECRET", random(16));
        env.put("WECHAT_TOKEN", random(8));
        env.put("WECHAT_API_URL", world);
        String key = mode.equals("secure") ? random(22).substring(0, 43) : "";
        env.put("WECHAT_ENCODING_AES_KEY", key);
        backend = new Backend(env, 0);
        app = world + "/_emulator/apps/" + env.get("WECHAT_APP_ID");
        String settings = "{\"appId\":\"%s\",\"appSecret\":\"%s\",\"token\":\"%s\",\"mode\":\"%s\",\"format\":\"xml\",\"pushUrl\":\"%s\"%s}";
        call("POST", world + "/_emulator/apps", settings.formatted(env.get("WECHAT_APP_ID"), env.get("WECHAT_APP_SECRET"),
                env.get("WECHAT_TOKEN"), mode, backend.url(), key.isEmpty() ? "" : ",\"encodingAESKey\":\"" + key + "\""));
    }

    /** Gives the delivery, when it was answered or has failed. */
    private String says(String openId, String content) throws Exception {
        String message = "{\"msgType\":\"text\",\"content\":" + WeChat.json(content) + "}";
        return call("POST", app + "/users/" + openId + "/messages", message);
    }

    /** Gives the service's texts on the phone, as soon as there are as many. */
    private List<String> receives(String openId, int count) throws Exception {
        List<String> texts = new ArrayList<>();
        String after = "0";
        while (texts.size() < count) {
            String items = call("GET", app + "/users/" + openId + "/messages?wait=10000&after=" + after, null);
            var found = MESSAGE.matcher(items);
            if (!found.find()) throw new AssertionError("nothing came for 10 s after " + texts);
            do {
                after = found.group(1);
                if (found.group(2).equals("service")) texts.add(found.group(3));
            } while (found.find());
        }
        return texts;
    }

    private void failsNext(String fault) throws Exception {
        call("POST", world + "/_emulator/faults", fault);
    }

    private static String call(String method, String url, String body) throws Exception {
        var response = send(method, url, body);
        if (response.statusCode() >= 300) throw new AssertionError(method + " " + url + ": " + response.body());
        return response.body();
    }

    private static HttpResponse<String> send(String method, String url, String body) throws Exception {
        var publisher = body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body);
        var request = HttpRequest.newBuilder(URI.create(url)).method(method, publisher).timeout(Duration.ofSeconds(30));
        return CLIENT.send(request.header("Content-Type", "application/json").build(), HttpResponse.BodyHandlers.ofString());
    }

    private interface Body {
        void run() throws Exception;
    }

    private void test(String title, Body body) {
        try {
            body.run();
            System.out.println("ok   " + mode + ": " + title);
        } catch (Exception | AssertionError error) {
            failed++;
            System.out.println("FAIL " + mode + ": " + title + "\n     " + error);
        }
    }

    private static void same(Object expected, Object actual) {
        if (!expected.equals(actual)) throw new AssertionError("expected " + expected + ", got " + actual);
    }

    private static void contains(String text, String part) {
        if (!text.contains(part)) throw new AssertionError("expected " + part + " in " + text);
    }

    private static String random(int bytes) {
        byte[] made = new byte[bytes];
        new SecureRandom().nextBytes(made);
        return HexFormat.of().formatHex(made);
    }

    @Override
    public void close() throws Exception {
        backend.close();
        call("DELETE", EMULATOR + "/_emulator/worlds/" + name, null);
    }
}

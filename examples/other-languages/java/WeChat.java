import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Set;
import java.util.regex.Pattern;

/** 微信接口，含 access_token 的缓存。 WeChat's API, with an access token that is kept until it ends. One thread uses it. */
final class WeChat {
    private static final Set<String> TOKEN_ENDED = Set.of("40001", "40014", "42001");

    private final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final String appId;
    private final String appSecret;
    private final String base;
    private String token;
    private long until;

    WeChat(String appId, String appSecret, String base) {
        this.appId = appId;
        this.appSecret = appSecret;
        this.base = base;
    }

    void reply(String openId, String content) throws IOException, InterruptedException {
        String message = "{\"touser\":" + json(openId) + ",\"msgtype\":\"text\",\"text\":{\"content\":" + json(content) + "}}";
        String errcode = send(message, false);
        if (TOKEN_ENDED.contains(errcode)) errcode = send(message, true); // nothing was sent
        if (!errcode.equals("0")) throw new IOException("WeChat answered " + errcode);
    }

    private String send(String message, boolean renew) throws IOException, InterruptedException {
        return field(post("/cgi-bin/message/custom/send?access_token=" + accessToken(renew), message), "errcode", "0");
    }

    private String accessToken(boolean renew) throws IOException, InterruptedException {
        if (renew || System.nanoTime() - until >= 0 || token == null) {
            String answer = post("/cgi-bin/stable_token", "{\"grant_type\":\"client_credential\",\"appid\":" + json(appId)
                    + ",\"secret\":" + json(appSecret) + ",\"force_refresh\":" + renew + "}");
            token = field(answer, "access_token", "");
            if (token.isEmpty()) throw new IOException("no access token: WeChat answered " + field(answer, "errcode", "nothing"));
            long seconds = Long.parseLong(field(answer, "expires_in", "0")) - 300;
            until = System.nanoTime() + Duration.ofSeconds(seconds).toNanos();
        }
        return token;
    }

    private String post(String path, String body) throws IOException, InterruptedException {
        // BodyPublishers.ofString tells its length: WeChat answers 412 to a body without Content-Length.
        HttpRequest request = HttpRequest.newBuilder(URI.create(base + path))
                .timeout(Duration.ofSeconds(10))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        return client.send(request, HttpResponse.BodyHandlers.ofString()).body();
    }

    /** A number or a plain text of WeChat's flat answers: the standard library reads no JSON. */
    static String field(String json, String name, String otherwise) {
        var found = Pattern.compile("\"" + name + "\"\\s*:\\s*\"?([^\",}\\s]*)").matcher(json);
        return found.find() ? found.group(1) : otherwise;
    }

    static String json(String text) {
        StringBuilder out = new StringBuilder("\"");
        for (char c : text.toCharArray())
            if (c < 0x20 || c == '"' || c == '\\') out.append(String.format("\\u%04x", (int) c));
            else out.append(c);
        return out.append('"').toString();
    }
}

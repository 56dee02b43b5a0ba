import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * 小程序客服后端：收推送，立即应答，通过接口回复，转人工。 Java 17，只用标准库。
 * A customer-service backend: takes WeChat's pushes, answers at once, replies through the API, transfers to people.
 * Choose XML as 数据格式 at mp.weixin.qq.com: the standard library reads no JSON.
 */
final class Backend implements AutoCloseable {
    private static final int MAX_BODY_BYTES = 64 * 1024;

    private final Pushes pushes;
    private final WeChat wechat;
    private final HttpServer server;
    private final ExecutorService answers = Executors.newFixedThreadPool(8);
    /** One thread, so that replies keep their order. */
    private final ExecutorService work = Executors.newSingleThreadExecutor();
    private final Set<String> seen = Collections.synchronizedSet(Collections.newSetFromMap(new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
            return size() > 10_000;
        }
    }));

    /** `env` has the variables WECHAT_APP_ID and so on; port 0 is any free one. */
    Backend(Map<String, String> env, int port) throws IOException {
        String appId = env.get("WECHAT_APP_ID");
        pushes = new Pushes(appId, env.get("WECHAT_TOKEN"), env.get("WECHAT_ENCODING_AES_KEY"));
        String base = env.getOrDefault("WECHAT_API_URL", "https://api.weixin.qq.com");
        wechat = new WeChat(appId, env.get("WECHAT_APP_SECRET"), base);
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        server.setExecutor(answers);
        server.createContext("/wechat", this::handle);
        server.start();
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort() + "/wechat";
    }

    private void handle(HttpExchange exchange) throws IOException {
        Map<String, String> query = queryOf(exchange.getRequestURI().getRawQuery());
        int status = 200;
        String text;
        try {
            if (exchange.getRequestMethod().equals("POST")) {
                byte[] body = exchange.getRequestBody().readNBytes(MAX_BODY_BYTES);
                text = answer(new String(body, StandardCharsets.UTF_8), query);
            } else {
                pushes.verify(query, "signature");
                text = query.getOrDefault("echostr", "");
            }
        } catch (Pushes.Refused refused) {
            status = 403;
            text = "refused";
        }
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=utf-8");
        exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
        if (bytes.length > 0) exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    private String answer(String body, Map<String, String> query) throws Pushes.Refused {
        Map<String, String> push;
        try {
            push = pushes.read(body, query);
        } catch (Pushes.Unreadable error) {
            // It is WeChat's, so it is a customer's: an error would tell them that the service is out of order.
            System.err.println("a push can't be read");
            return "success";
        }
        String openId = push.getOrDefault("FromUserName", "");
        String content = push.getOrDefault("Content", "");
        if (content.equals("人工") || content.equals("转人工")) {
            Map<String, Object> transfer = new LinkedHashMap<>();
            transfer.put("ToUserName", openId);
            transfer.put("FromUserName", push.getOrDefault("ToUserName", ""));
            transfer.put("CreateTime", System.currentTimeMillis() / 1000);
            transfer.put("MsgType", "transfer_customer_service");
            return pushes.write(transfer);
        }
        if (isNew(push) && push.getOrDefault("MsgType", "").equals("text")) work.execute(() -> reply(openId, content));
        return "success";
    }

    /** WeChat pushes again what it has no answer to. */
    private boolean isNew(Map<String, String> push) {
        String kind = push.getOrDefault("MsgId", push.get("CreateTime") + " " + push.get("Event"));
        return seen.add(push.get("FromUserName") + " " + kind);
    }

    private void reply(String openId, String content) {
        try {
            wechat.reply(openId, "您说：" + content);
        } catch (IOException error) {
            System.err.println("reply failed: " + error.getMessage());
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
        }
    }

    private static Map<String, String> queryOf(String raw) {
        Map<String, String> query = new HashMap<>();
        for (String pair : (raw == null ? "" : raw).split("&")) {
            String[] parts = pair.split("=", 2);
            try {
                query.put(parts[0], URLDecoder.decode(parts.length > 1 ? parts[1] : "", StandardCharsets.UTF_8));
            } catch (IllegalArgumentException error) {
                // A stranger's: a parameter that is not there is refused.
            }
        }
        return query;
    }

    @Override
    public void close() {
        server.stop(0);
        answers.shutdownNow();
        work.shutdownNow();
    }

    public static void main(String[] args) throws IOException {
        Map<String, String> env = System.getenv();
        System.out.println(new Backend(env, Integer.parseInt(env.getOrDefault("PORT", "8080"))).url());
    }
}

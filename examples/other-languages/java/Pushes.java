import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import javax.xml.parsers.DocumentBuilderFactory;
import org.xml.sax.InputSource;

/** 推送：核对签名，解密，读取；应答的加密。 Pushes in XML: verified, decrypted, read; and answers, encrypted. */
final class Pushes {
    private static final long MAX_AGE_SECONDS = 600;
    private static final Pattern ENCRYPTED =
            Pattern.compile("<Encrypt>\\s*<!\\[CDATA\\[([A-Za-z0-9+/=]+)\\]\\]>\\s*</Encrypt>");

    /** The push is not shown to be WeChat's. */
    static final class Refused extends Exception {}

    /** The push is WeChat's, and can't be read. */
    static final class Unreadable extends Exception {}

    private final String appId;
    private final String token;
    /** Of secure mode; null in plain mode. */
    private final byte[] key;

    Pushes(String appId, String token, String aesKey) {
        this.appId = appId;
        this.token = token;
        this.key = aesKey == null || aesKey.isEmpty() ? null : Base64.getDecoder().decode(aesKey + "=");
    }

    /** Throws Refused unless the query is signed with our token, just now. */
    void verify(Map<String, String> query, String name, String... more) throws Refused {
        String timestamp = query.getOrDefault("timestamp", "");
        String[] parts = Stream.concat(Stream.of(more), Stream.of(timestamp, query.getOrDefault("nonce", "")))
                .toArray(String[]::new);
        byte[] given = query.getOrDefault(name, "").getBytes(StandardCharsets.UTF_8);
        // In a time that does not tell where they differ.
        if (!MessageDigest.isEqual(sign(parts).getBytes(StandardCharsets.UTF_8), given)) throw new Refused();
        if (!timestamp.matches("\\d{1,12}")) throw new Refused();
        long age = System.currentTimeMillis() / 1000 - Long.parseLong(timestamp);
        if (Math.abs(age) > MAX_AGE_SECONDS) throw new Refused();
    }

    Map<String, String> read(String body, Map<String, String> query) throws Refused, Unreadable {
        if (key == null) {
            verify(query, "signature");
            return parse(body);
        }
        // In secure mode msg_signature alone covers what was sent: nothing else is read before it fits.
        var found = ENCRYPTED.matcher(body);
        if (!found.find()) throw new Refused();
        verify(query, "msg_signature", found.group(1));
        return parse(decrypt(found.group(1)));
    }

    /** The body of an answer: in secure mode encrypted and signed, as pushes are. */
    String write(Map<String, Object> fields) {
        String xml = xml(fields);
        if (key == null) return xml;
        byte[] message = xml.getBytes(StandardCharsets.UTF_8);
        byte[] tail = appId.getBytes(StandardCharsets.UTF_8);
        byte[] random = new byte[16];
        new SecureRandom().nextBytes(random);
        int length = 20 + message.length + tail.length;
        int padding = 32 - length % 32;
        byte[] plain = new byte[length + padding];
        Arrays.fill(plain, (byte) padding);
        ByteBuffer.wrap(plain).put(random).putInt(message.length).put(message).put(tail);
        String sealed = Base64.getEncoder().encodeToString(aes(Cipher.ENCRYPT_MODE, plain));
        String timestamp = String.valueOf(System.currentTimeMillis() / 1000);
        String nonce = HexFormat.of().formatHex(random, 0, 8);
        Map<String, Object> envelope = new LinkedHashMap<>();
        envelope.put("Encrypt", sealed);
        envelope.put("MsgSignature", sign(timestamp, nonce, sealed));
        envelope.put("TimeStamp", Long.parseLong(timestamp));
        envelope.put("Nonce", nonce);
        return xml(envelope);
    }

    /** random(16) + length(4) + message + AppID, padded to 32 bytes. */
    private String decrypt(String encrypted) throws Refused {
        try {
            byte[] plain = aes(Cipher.DECRYPT_MODE, Base64.getDecoder().decode(encrypted));
            int end = plain.length - plain[plain.length - 1];
            int messageEnd = Math.addExact(20, ByteBuffer.wrap(plain).getInt(16));
            String owner = new String(plain, messageEnd, end - messageEnd, StandardCharsets.UTF_8);
            if (!owner.equals(appId)) throw new Refused();
            return new String(plain, 20, messageEnd - 20, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException | ArithmeticException | IndexOutOfBoundsException error) {
            throw new Refused();
        }
    }

    private byte[] aes(int direction, byte[] bytes) {
        if (bytes.length == 0 || bytes.length % 32 != 0) throw new IllegalArgumentException("not whole blocks");
        try {
            // The padding is 32 bytes wide, so it is put on and taken off by hand.
            Cipher cipher = Cipher.getInstance("AES/CBC/NoPadding");
            cipher.init(direction, new SecretKeySpec(key, "AES"), new IvParameterSpec(key, 0, 16));
            return cipher.doFinal(bytes);
        } catch (GeneralSecurityException error) {
            throw new IllegalStateException("the EncodingAESKey can't be used", error);
        }
    }

    private String sign(String... parts) {
        String[] all = Stream.concat(Stream.of(token), Stream.of(parts)).sorted().toArray(String[]::new);
        try {
            byte[] sum = MessageDigest.getInstance("SHA-1").digest(String.join("", all).getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(sum);
        } catch (GeneralSecurityException error) {
            throw new IllegalStateException(error);
        }
    }

    private static Map<String, String> parse(String xml) throws Unreadable {
        try {
            var factory = DocumentBuilderFactory.newInstance();
            // Nothing in a push is expanded or fetched.
            factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
            factory.setExpandEntityReferences(false);
            var builder = factory.newDocumentBuilder();
            builder.setErrorHandler(null);
            // A control character in a text must not cost the message: XML cannot hold one.
            String clean = xml.replaceAll("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f]", "\uFFFD");
            var root = builder.parse(new InputSource(new StringReader(clean))).getDocumentElement();
            Map<String, String> fields = new LinkedHashMap<>();
            for (var node = root.getFirstChild(); node != null; node = node.getNextSibling())
                fields.putIfAbsent(node.getNodeName(), node.getTextContent().strip());
            return fields;
        } catch (Exception error) {
            throw new Unreadable();
        }
    }

    private static String xml(Map<String, Object> fields) {
        StringBuilder out = new StringBuilder("<xml>");
        fields.forEach((name, value) -> {
            boolean isText = value instanceof String;
            out.append('<').append(name).append('>').append(isText ? "<![CDATA[" : "");
            out.append(isText ? ((String) value).replace("]]>", "]]]]><![CDATA[>") : value);
            out.append(isText ? "]]>" : "").append("</").append(name).append('>');
        });
        return out.append("</xml>").toString();
    }
}

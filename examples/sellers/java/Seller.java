// A seller of SaaS 2.0 and 1.0, licences and (Kit.java) the joint-SaaS kit with sign-on, on the JDK and Gson.
//
//   javac -cp gson.jar -d classes Seller.java Kit.java
//   SELLER_KEY=my-access-key SELLER_LISTEN=127.0.0.1:9004 java -cp classes:gson.jar Seller
//
// The marketplace posts in 2.0 and asks by GET in 1.0. It verifies the marketplace's signature over the raw bytes, gives the same instance
// for the same order line, and keeps everything in memory; yours will keep it in a database.

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

public final class Seller {
    static final String KEY = System.getenv().getOrDefault("SELLER_KEY", "seller-key-for-trials");
    static final String LISTEN = System.getenv().getOrDefault("SELLER_LISTEN", "127.0.0.1:9004");
    static final long FRESH_MS = 60_000;
    static final Gson GSON = new Gson();
    static final SecureRandom RANDOM = new SecureRandom();

    /** What became of an instance. */
    static final class Instance {
        boolean frozen, released, upgraded;
        String expires;
    }

    static final Map<String, String> instanceOfLine = new HashMap<>();
    static final Map<String, Instance> instances = new HashMap<>();

    /** An answer of the protocols. */
    static JsonObject result(String code, String message) {
        var answer = new JsonObject();
        answer.addProperty("resultCode", code);
        answer.addProperty("resultMsg", message);
        return answer;
    }

    static JsonObject success() {
        return result("000000", "success");
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static byte[] hmac(String key, byte[] data) throws GeneralSecurityException {
        var mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(bytes(key), "HmacSHA256"));
        return mac.doFinal(data);
    }

    static String hmacHex(byte[] data) throws GeneralSecurityException {
        return HexFormat.of().formatHex(hmac(KEY, data));
    }

    static String hmacBase64(String key, byte[] data) throws GeneralSecurityException {
        return Base64.getEncoder().encodeToString(hmac(key, data));
    }

    static boolean same(String one, String other) {
        return MessageDigest.isEqual(bytes(one), bytes(other));
    }

    static boolean fresh(String timestamp) {
        return timestamp.matches("\\d{1,18}") && System.currentTimeMillis() - Long.parseLong(timestamp) <= FRESH_MS;
    }

    /** The parameters of a query, decoded once. */
    static TreeMap<String, String> parameters(String query) {
        var all = new TreeMap<String, String>();
        for (var pair : query == null ? new String[0] : query.split("&")) {
            var at = pair.indexOf('=');
            if (at > 0) all.put(pair.substring(0, at), URLDecoder.decode(pair.substring(at + 1), StandardCharsets.UTF_8));
        }
        return all;
    }

    /** The result code that refuses a 2.0 request, or null when it is genuine. */
    static String refusal(Map<String, String> query, byte[] body) throws GeneralSecurityException {
        var timestamp = query.getOrDefault("timestamp", "");
        var nonce = query.getOrDefault("nonce", "");
        if (timestamp.isEmpty() || nonce.isEmpty()) return "000002";
        if (!fresh(timestamp)) return "000001";
        var expected = hmacHex(bytes(KEY + nonce + timestamp + hmacHex(body)));
        return same(expected, query.getOrDefault("signature", "").toLowerCase()) ? null : "000001";
    }

    /** The result code that refuses a 1.0 request, or null: all but authToken are signed, in the order of their names. */
    static String refusalV1(TreeMap<String, String> sent) throws GeneralSecurityException {
        var given = sent.remove("authToken");
        if (!sent.containsKey("timeStamp") || !sent.containsKey("activity")) return "000002";
        var joined = new ArrayList<String>();
        sent.forEach((name, value) -> joined.add(name + "=" + value));
        var expected = hmacBase64(KEY + sent.get("timeStamp"), bytes(String.join("&", joined)));
        return given != null && same(expected, given) ? null : "000001";
    }

    /** 16 letters and digits, then base64 of AES-256-CBC under them; Java's SHA1PRNG makes the key of the access key. */
    static String sealed(String text) throws GeneralSecurityException {
        var generator = SecureRandom.getInstance("SHA1PRNG");
        generator.setSeed(bytes(KEY));
        var key = new byte[32];
        generator.nextBytes(key);
        var random = new byte[8];
        RANDOM.nextBytes(random);
        var iv = HexFormat.of().formatHex(random);
        var cipher = Cipher.getInstance("AES/CBC/PKCS5Padding");
        cipher.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "AES"), new IvParameterSpec(bytes(iv)));
        return iv + Base64.getEncoder().encodeToString(cipher.doFinal(bytes(text)));
    }

    static JsonObject change(String id, java.util.function.Consumer<Instance> how) {
        var instance = instances.get(id);
        if (instance == null) return result("000003", "no such instance");
        how.accept(instance);
        return success();
    }

    /** The same order line gives the same instance. */
    static JsonObject create(String line, String businessId) {
        var id = instanceOfLine.computeIfAbsent(line, l -> businessId);
        if (!instances.containsKey(id) || instances.get(id).released) instances.put(id, new Instance());
        var answer = success();
        answer.addProperty("instanceId", id);
        return answer;
    }

    static JsonObject query(String ids, String base) {
        var info = new ArrayList<Map<String, Object>>();
        for (var id : ids.split(",")) {
            var instance = instances.get(id);
            if (instance == null || instance.released) continue;
            var password = "pw-" + id.substring(0, Math.min(8, id.length()));
            var app = Map.of("frontEndUrl", base + "/app/" + id, "userName", "admin", "password", password);
            info.add(Map.of("instanceId", id, "appInfo", app));
        }
        var answer = success();
        answer.add("info", GSON.toJsonTree(info));
        return answer;
    }

    /** The activities that both protocols have; `get` gives a field. */
    static JsonObject handle(java.util.function.UnaryOperator<String> get, String base) {
        var id = get.apply("instanceId");
        return switch (get.apply("activity")) {
            case "newInstance" -> create(get.apply("orderLineId"), get.apply("businessId"));
            case "queryInstance" -> query(id, base);
            case "refreshInstance" -> change(id, i -> i.expires = get.apply("expireTime"));
            case "updateInstanceStatus" -> change(id, i -> i.frozen = get.apply("status").equals("FREEZE"));
            case "upgradeInstance" -> change(id, i -> i.upgraded = true);
            case "changeInstanceCheck" -> change(id, i -> {}); // may it become what productInfo says? Here it always may.
            case "releaseInstance" -> change(id, i -> i.released = true);
            case "orderNotify" -> success(); // now ask what was bought: the order query, see examples/clients
            case "getLicenseAsync" -> { // taken; the licence is uploaded later, see examples/clients: licence-upload
                var answer = change(id, i -> {});
                yield answer.get("resultCode").getAsString().equals("000000") ? result("000004", "it is made") : answer;
            }
            case "refreshLicenseCode", "updateLicenseCodeStatus", "releaseLicenseCode" -> success();
            default -> result("000002", "unknown activity");
        };
    }

    /** 1.0 names the order without its line, gives the data with the creation, and has an activity for the end. */
    static JsonObject handleV1(Map<String, String> sent, String base) throws GeneralSecurityException {
        java.util.function.UnaryOperator<String> get = name -> mandatory(name, sent.get(name));
        switch (get.apply("activity")) {
            case "newInstance", "getLicense" -> {
                var answer = create(get.apply("orderId") + " " + get.apply("productId"), get.apply("businessId"));
                var id = answer.get("instanceId").getAsString();
                if (get.apply("activity").equals("getLicense")) { // licence 1.x: the same licence each time
                    answer.addProperty("license", "LICENCE-" + id);
                    return answer;
                }
                var password = sealed("pw-" + id.substring(0, Math.min(8, id.length())));
                answer.addProperty("encryptType", "1");
                var app = Map.of("frontEndUrl", base + "/app/" + id, "userName", sealed("admin"), "password", password);
                answer.add("appInfo", GSON.toJsonTree(app));
                return answer;
            }
            case "refreshInstance", "refreshLicense" -> {
                return change(get.apply("instanceId"), i -> {
                    i.expires = get.apply("expireTime");
                    i.frozen = false;
                });
            }
            case "expireInstance", "expireLicense" -> {
                return change(get.apply("instanceId"), i -> i.frozen = true);
            }
            case "upgrade" -> {
                return change(get.apply("instanceId"), i -> i.upgraded = true);
            }
            case "releaseLicense" -> {
                return change(get.apply("instanceId"), i -> i.released = true);
            }
            default -> {
                return handle(get, base);
            }
        }
    }

    static String mandatory(String name, String value) {
        if (value == null) throw new JsonParseException(name + " is mandatory");
        return value;
    }

    static String field(JsonObject sent, String name) {
        return name.equals("instanceId") && !sent.has(name) ? "" : mandatory(name, sent.has(name) ? sent.get(name).getAsString() : null);
    }

    static synchronized JsonObject answer(HttpExchange exchange, byte[] body, String base) throws GeneralSecurityException {
        var uri = exchange.getRequestURI();
        var query = parameters(uri.getRawQuery());
        try {
            if (exchange.getRequestMethod().equals("GET")) {
                var refused = refusalV1(query);
                return refused == null ? handleV1(query, base) : result(refused, "not genuine");
            }
            if (uri.getPath().contains("/produceAPI/")) return Kit.sync(exchange, body);
            var refused = refusal(query, body);
            if (refused != null) return result(refused, "not genuine");
            var sent = JsonParser.parseString(new String(body, StandardCharsets.UTF_8)).getAsJsonObject();
            return handle(name -> field(sent, name), base);
        } catch (JsonParseException | IllegalStateException problem) {
            return result("000002", "bad request: " + problem.getMessage());
        }
    }

    static void send(HttpExchange exchange, int status, String type, String text) throws IOException {
        var data = bytes(text);
        exchange.getResponseHeaders().set("Content-Type", type);
        exchange.sendResponseHeaders(status, data.length);
        exchange.getResponseBody().write(data);
    }

    static void serve(HttpExchange exchange) throws IOException {
        try (exchange) {
            var base = "http://" + exchange.getRequestHeaders().getFirst("Host");
            var page = exchange.getRequestMethod().equals("GET") ? Kit.page(exchange.getRequestURI(), base) : null;
            if (page != null) {
                if (page.status() == 302) exchange.getResponseHeaders().set("Location", page.text());
                send(exchange, page.status(), "text/plain;charset=utf-8", page.text());
                return;
            }
            var text = GSON.toJson(answer(exchange, exchange.getRequestBody().readAllBytes(), base));
            // Signed as 1.0 wants it; 2.0 does not look.
            exchange.getResponseHeaders().set("Body-Sign", "sign_type=\"HMAC-SHA256\", signature=\"" + hmacBase64(KEY, bytes(text)) + "\"");
            send(exchange, 200, "application/json;charset=utf-8", text);
        } catch (GeneralSecurityException | InterruptedException problem) {
            throw new IOException(problem);
        }
    }

    public static void main(String[] arguments) throws IOException, GeneralSecurityException {
        Kit.publicKey(); // making a key pair can take seconds: before anybody waits for an answer
        var at = LISTEN.lastIndexOf(':');
        var server = HttpServer.create(new InetSocketAddress(LISTEN.substring(0, at), Integer.parseInt(LISTEN.substring(at + 1))), 0);
        server.createContext("/", Seller::serve);
        server.setExecutor(Executors.newFixedThreadPool(8));
        server.start();
        System.out.println("listening on http://" + LISTEN.substring(0, at) + ":" + server.getAddress().getPort());
    }
}

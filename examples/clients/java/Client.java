// Calls the marketplace's open APIs, signed with SDK-HMAC-SHA256 by hand, on the JDK and Gson.
//
//   javac -cp gson.jar -d classes Client.java
//   java -cp classes:gson.jar Client whoami
//   … order-query MOCKPERIODYEARNEW
//   … usage-push INSTANCE 20240105T030000Z 20240105T040000Z 12.5 SERIAL-1
//   … licence-activate PL…          (two codes and more: by the batch interface)
//   … licence-query PL…
//   … licence-usage PL… device-1 device-2
//   … licence-upload EV… FILE
//   … asset ast_… software_package
//   … buyer query-orders '{"limit": 5}'                   (any buyer-side API, by its path)

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

public final class Client {
    static final String PUBLIC = "/api/mkp-openapi-public/global";
    static final String OPEN = PUBLIC + "/v1";
    static final String JSON = "application/json";
    static final Gson GSON = new Gson();
    static final String USAGE =
        "write: whoami | order-query ORDER [LINE] | usage-push INSTANCE BEGIN END VALUE SERIAL | licence-activate CODE… | "
            + "licence-query CODE… | licence-usage CODE CLIENT… | licence-upload EVENT FILE | asset ASSET TYPE [VERSION] | buyer PATH JSON";

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static byte[] hmac(String key, String text) throws GeneralSecurityException {
        var mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(bytes(key), "HmacSHA256"));
        return mac.doFinal(bytes(text));
    }

    static String sha256(byte[] data) throws GeneralSecurityException {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(data));
    }

    /** As RFC 3986 has it: a blank is %20. */
    static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20").replace("*", "%2A").replace("%7E", "~");
    }

    /** Sends a signed request; the answer's status and body. */
    static HttpResponse<String> send(
        String method, String path, TreeMap<String, String> query, String type, byte[] body, Map<String, String> more)
        throws GeneralSecurityException, IOException, InterruptedException {
        var server = System.getenv("YUNSHI_SERVER");
        var parts = new ArrayList<String>();
        query.forEach((name, value) -> parts.add(encoded(name) + "=" + encoded(value)));
        var asked = String.join("&", parts);
        var uri = URI.create(server + path + (asked.isEmpty() ? "" : "?" + asked));
        var headers = new TreeMap<>(more);
        headers.put("content-type", type);
        headers.put("x-sdk-date", ZonedDateTime.now(ZoneOffset.UTC).format(DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'")));
        var signed = new TreeMap<>(headers);
        signed.put("host", uri.getAuthority());
        var lines = new StringBuilder();
        signed.forEach((name, value) -> lines.append(name).append(':').append(value.strip()).append('\n'));
        var names = String.join(";", signed.keySet());
        // The path ends with a slash, whatever was asked.
        var canonical = String.join("\n", method, path.endsWith("/") ? path : path + "/", asked, lines, names, sha256(body));
        var text = String.join("\n", "SDK-HMAC-SHA256", headers.get("x-sdk-date"), sha256(bytes(canonical)));
        var signature = HexFormat.of().formatHex(hmac(System.getenv("YUNSHI_SECRET_KEY"), text));
        var authorization = "SDK-HMAC-SHA256 Access=" + System.getenv("YUNSHI_ACCESS_KEY")
            + ", SignedHeaders=" + names + ", Signature=" + signature;
        var publisher = method.equals("GET") ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofByteArray(body);
        var request = HttpRequest.newBuilder(uri).version(HttpClient.Version.HTTP_1_1).method(method, publisher);
        headers.forEach(request::header);
        request.header("Authorization", authorization);
        return HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    static HttpResponse<String> get(String path, TreeMap<String, String> query)
        throws GeneralSecurityException, IOException, InterruptedException {
        return send("GET", path, query, JSON, new byte[0], Map.of());
    }

    static HttpResponse<String> post(String path, Object body, Map<String, String> headers)
        throws GeneralSecurityException, IOException, InterruptedException {
        return send("POST", path, new TreeMap<>(), JSON, bytes(body instanceof String text ? text : GSON.toJson(body)), headers);
    }

    /** Besides AK and SK the body is signed with the key of class basic: over its keys in natural order. */
    static HttpResponse<String> usagePush(List<String> of) throws GeneralSecurityException, IOException, InterruptedException {
        var record = new TreeMap<>(Map.of(
            "instance_id", of.get(0), "begin_time", of.get(1), "end_time", of.get(2), "record_time", of.get(2),
            "usage_value", of.get(3), "metering_sn", of.get(4)));
        var body = GSON.toJson(Map.of("usage_records", List.of(record)));
        var ts = String.valueOf(System.currentTimeMillis());
        var nonce = UUID.randomUUID().toString();
        var mac = hmac(System.getenv("YUNSHI_INTERFACE_KEY"), "ts=" + ts + "&nonce=" + nonce + "&body=" + body);
        var signature = Base64.getEncoder().encodeToString(mac);
        return post(OPEN + "/isv/usage-data", body, Map.of("signature", signature, "ts", ts, "nonce", nonce));
    }

    /** One code by the first version of an interface, more by the second. */
    static HttpResponse<String> licence(String name, List<String> codes)
        throws GeneralSecurityException, IOException, InterruptedException {
        return codes.size() == 1
            ? post(PUBLIC + "/v1/license/" + name, Map.of("license", codes.get(0)), Map.of())
            : post(PUBLIC + "/v2/license/" + name, Map.of("license_list", codes), Map.of());
    }

    /** The licence that a buyer asked for (on-line opening), as a form of two parts. */
    static HttpResponse<String> upload(String event, Path file) throws GeneralSecurityException, IOException, InterruptedException {
        var content = Files.readAllBytes(file);
        var name = file.getFileName().toString();
        var said = GSON.toJson(Map.of("type", "FILE", "sha256", sha256(content), "file_name", name));
        var boundary = UUID.randomUUID().toString();
        var body = new ByteArrayOutputStream();
        body.write(bytes("--" + boundary + "\r\nContent-Disposition: form-data; name=\"isvUpdateFileReq\"\r\n"));
        body.write(bytes("Content-Type: " + JSON + "\r\n\r\n" + said + "\r\n"));
        body.write(bytes("--" + boundary + "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + name + "\"\r\n\r\n"));
        body.write(content);
        body.write(bytes("\r\n--" + boundary + "--\r\n"));
        var type = "multipart/form-data; boundary=" + boundary;
        return send("POST", OPEN + "/market-event/" + event + "/file", new TreeMap<>(), type, body.toByteArray(), Map.of());
    }

    static HttpResponse<String> ask(String operation, List<String> more)
        throws GeneralSecurityException, IOException, InterruptedException {
        switch (operation) {
            case "whoami":
                return get("/v3/auth/domains", new TreeMap<>());
            case "order-query":
                var query = new TreeMap<>(Map.of("orderId", more.get(0)));
                if (more.size() > 1) query.put("orderLineId", more.get(1));
                return get(OPEN + "/order/query", query);
            case "usage-push":
                return usagePush(more);
            case "licence-activate": // refused a second time with 92020003: then it is activated already; ask for its state
                return licence("activate", more);
            case "licence-query":
                return licence("heartbeat", more);
            case "licence-usage":
                var ids = more.stream().skip(1).map(id -> Map.of("id", id)).toList();
                var info = Map.of("license", more.get(0), "software_usage_Info", ids);
                return post(PUBLIC + "/v2/license/software-usage-info", Map.of("usage_info", List.of(info)), Map.of());
            case "licence-upload":
                return upload(more.get(0), Path.of(more.get(1)));
            case "asset":
                var wanted = new TreeMap<>(Map.of("asset_id", more.get(0), "deployed_type", more.get(1)));
                if (more.size() > 2) wanted.put("asset_version", more.get(2));
                return get("/api/mkp-openapi-public/v1/asset/deployed-object", wanted);
            case "buyer":
                return post(OPEN + "/" + more.get(0), more.get(1), Map.of());
            default:
                throw new IllegalArgumentException(USAGE);
        }
    }

    public static void main(String[] arguments) throws GeneralSecurityException, IOException, InterruptedException {
        if (arguments.length == 0) {
            System.err.println(USAGE);
            System.exit(2);
        }
        var answer = ask(arguments[0], Arrays.asList(arguments).subList(1, arguments.length));
        if (answer.statusCode() < 300) {
            System.out.println(answer.body());
            return;
        }
        var said = JsonParser.parseString(answer.body()).getAsJsonObject();
        var refusal = new JsonObject();
        refusal.addProperty("status", answer.statusCode());
        for (var name : List.of("error_code", "error_msg", "request_id")) {
            if (said.has(name)) refusal.add(name, said.get(name));
        }
        System.err.println(refusal);
        System.exit(1);
    }
}

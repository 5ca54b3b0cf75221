// The joint-SaaS kit: tenants with their departments, people and credential, and sign-on by the marketplace. Adding or deleting twice
// succeeds. People are sent to the marketplace and come back with a code; PKCE proves that it is ours to use.

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.sun.net.httpserver.HttpExchange;
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
import java.security.KeyFactory;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.RSAPublicKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import javax.crypto.Cipher;
import javax.crypto.spec.OAEPParameterSpec;
import javax.crypto.spec.PSource;

final class Kit {
    static final String PLATFORM = System.getenv().getOrDefault("SELLER_PLATFORM", "http://127.0.0.1:8080");

    /** A company that bound this application. */
    static final class Tenant {
        final Map<String, JsonObject> departments = new HashMap<>();
        final Map<String, JsonObject> people = new HashMap<>();
        Credential credential;
    }

    record Credential(String id, String secret) {}

    record LogIn(String verifier, Credential credential) {}

    /** A page: its text, or where to go. */
    record Page(int status, String text) {}

    static final Map<String, Tenant> tenants = new HashMap<>();
    static final Map<String, LogIn> logIns = new HashMap<>();
    static final PrivateKey PRIVATE = privateKey();

    static PrivateKey privateKey() {
        try {
            var path = System.getenv("SELLER_PRIVATE_KEY");
            if (path == null) {
                var generator = KeyPairGenerator.getInstance("RSA");
                generator.initialize(3072);
                return generator.generateKeyPair().getPrivate();
            }
            var pem = Files.readString(Path.of(path)).replaceAll("-----[A-Z ]+-----|\\s", "");
            return KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(pem)));
        } catch (GeneralSecurityException | IOException problem) {
            throw new IllegalStateException(problem);
        }
    }

    static String publicKey() throws GeneralSecurityException {
        var key = (RSAPrivateCrtKey) PRIVATE;
        var open = KeyFactory.getInstance("RSA").generatePublic(new RSAPublicKeySpec(key.getModulus(), key.getPublicExponent()));
        var text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(open.getEncoded());
        return "-----BEGIN PUBLIC KEY-----\n" + text + "\n-----END PUBLIC KEY-----\n";
    }

    /** Encrypted for our public key: RSA-OAEP with SHA-256. */
    static String opened(String secret) throws GeneralSecurityException {
        var cipher = Cipher.getInstance("RSA/ECB/OAEPPadding");
        var padding = new OAEPParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, PSource.PSpecified.DEFAULT);
        cipher.init(Cipher.DECRYPT_MODE, PRIVATE, padding);
        return new String(cipher.doFinal(Base64.getDecoder().decode(secret)), StandardCharsets.UTF_8);
    }

    /** Flags 0 and 3 take away, 1 and 2 add and change. */
    static <T> void put(Map<String, T> into, String key, T value, int flag) {
        if (flag == 0 || flag == 3) into.remove(key);
        else into.put(key, value);
    }

    /** Whether a call is genuine: 2.0 signs the body in its headers, 1.0 the fields with the token of SaaS 1.0. */
    static boolean genuine(HttpExchange exchange, String text, JsonObject sent) throws GeneralSecurityException {
        var headers = exchange.getRequestHeaders();
        if (!exchange.getRequestURI().getPath().contains("/produceAPI/v2/")) {
            var joined = new ArrayList<String>();
            new TreeMap<>(sent.asMap()).forEach((name, value) -> joined.add(name + "=" + value.getAsString()));
            var expected = Seller.hmacBase64(Seller.KEY + Seller.field(sent, "timeStamp"), Seller.bytes(String.join("&", joined)));
            return headers.containsKey("authToken") && Seller.same(expected, headers.getFirst("authToken"));
        }
        var given = new TreeMap<String, String>();
        for (var name : new String[] {"timestamp", "nonce", "sign"}) {
            var value = headers.getFirst("x-" + name);
            given.put(name, value == null ? "" : value);
        }
        var expected = Seller.hmacHex(Seller.bytes(Seller.KEY + given.get("nonce") + given.get("timestamp") + text));
        return Seller.same(expected, given.get("sign").toLowerCase()) && Seller.fresh(given.get("timestamp"));
    }

    /** A call of the kit. */
    static JsonObject sync(HttpExchange exchange, byte[] body) throws GeneralSecurityException {
        var text = new String(body, StandardCharsets.UTF_8);
        var sent = JsonParser.parseString(text).getAsJsonObject();
        if (!genuine(exchange, text, sent)) return Seller.result("000001", "not genuine");
        var path = exchange.getRequestURI().getPath();
        return take(path.substring(path.lastIndexOf('/') + 1), sent);
    }

    /** A list, which is text in 1.0. */
    static JsonArray list(JsonElement given) {
        return (given.isJsonPrimitive() ? JsonParser.parseString(given.getAsString()) : given).getAsJsonArray();
    }

    static JsonObject take(String name, JsonObject sent) throws GeneralSecurityException {
        var instance = Seller.field(sent, "instanceId");
        var tenant = tenants.getOrDefault(instance, new Tenant());
        var flag = sent.has("flag") ? sent.get("flag").getAsInt() : 1;
        switch (name) {
            case "tenantSync" -> put(tenants, instance, new Tenant(), flag);
            case "allOrgSync" -> JsonParser.parseString(Seller.field(sent, "orgInfo")).getAsJsonArray().forEach(d -> {
                var department = d.getAsJsonObject();
                tenant.departments.put(Seller.field(department, "orgCode"), department);
            });
            case "singleOrgSync" -> put(tenant.departments, Seller.field(sent, "orgCode"), sent, flag);
            case "applicationSync" -> tenant.credential = flag == 0 ? null : credential(sent);
            case "authSync" -> list(sent.get("userList")).forEach(u -> {
                var user = u.getAsJsonObject();
                put(tenant.people, Seller.field(user, "userName"), user, flag);
            });
            default -> {
                return Seller.result("000002", "unknown call");
            }
        }
        return Seller.success();
    }

    static Credential credential(JsonObject sent) throws GeneralSecurityException {
        // The debugger's client secret is no real one.
        var debugged = sent.has("testFlag") && sent.get("testFlag").getAsInt() == 1;
        return new Credential(Seller.field(sent, "clientId"), debugged ? "" : opened(Seller.field(sent, "clientSecret")));
    }

    static String token(int length) {
        var random = new byte[length];
        Seller.RANDOM.nextBytes(random);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(random);
    }

    static String form(Map<String, String> fields) {
        var all = new ArrayList<String>();
        fields.forEach((name, value) -> all.add(name + "=" + URLEncoder.encode(value, StandardCharsets.UTF_8)));
        return String.join("&", all);
    }

    static Page logIn(String base) throws GeneralSecurityException {
        var credential = tenants.values().stream().map(t -> t.credential).filter(c -> c != null).findFirst().orElse(null);
        if (credential == null) return new Page(404, "nobody has bound this application");
        var state = token(16);
        var verifier = token(32);
        logIns.put(state, new LogIn(verifier, credential));
        var hash = MessageDigest.getInstance("SHA-256").digest(Seller.bytes(verifier));
        var asked = new TreeMap<>(Map.of(
            "response_type", "code", "client_id", credential.id(), "redirect_uri", base + "/callback",
            "scope", "openid profile", "state", state,
            "code_challenge", Base64.getUrlEncoder().withoutPadding().encodeToString(hash), "code_challenge_method", "S256"));
        return new Page(302, PLATFORM + "/api/v1/oauth2/authorize?" + form(asked));
    }

    static JsonObject ask(HttpRequest.Builder request) throws IOException, InterruptedException {
        var answer = HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString());
        return JsonParser.parseString(answer.body()).getAsJsonObject();
    }

    static Page callback(Map<String, String> query, String base) throws IOException, InterruptedException {
        var begun = logIns.remove(query.getOrDefault("state", ""));
        if (begun == null) return new Page(400, "this log-in was not begun here");
        if (query.containsKey("error")) return new Page(403, query.get("error") + ": " + query.getOrDefault("error_description", ""));
        var wanted = Map.of(
            "grant_type", "authorization_code", "code", query.getOrDefault("code", ""), "redirect_uri", base + "/callback",
            "code_verifier", begun.verifier(), "client_id", begun.credential().id(), "client_secret", begun.credential().secret());
        var tokens = ask(HttpRequest.newBuilder(URI.create(PLATFORM + "/api/v1/oauth2/token"))
            .header("Content-Type", "application/x-www-form-urlencoded").POST(HttpRequest.BodyPublishers.ofString(form(wanted))));
        if (!tokens.has("access_token")) {
            return new Page(403, Seller.field(tokens, "error") + ": " + Seller.field(tokens, "error_description"));
        }
        var user = ask(HttpRequest.newBuilder(URI.create(PLATFORM + "/api/v1/oauth2/userinfo"))
            .header("Authorization", "Bearer " + Seller.field(tokens, "access_token")));
        var tenant = tenants.getOrDefault(Seller.field(user, "instance_id"), new Tenant());
        var known = tenant.people.get(Seller.field(user, "preferred_username"));
        if (known == null) return new Page(403, "you were not announced");
        var place = Seller.field(known, "role") + ", " + Seller.field(known, "orgCode");
        return new Page(200, "Welcome " + Seller.field(user, "name") + " (" + place + ")");
    }

    /** Pages for people, beside the calls of the marketplace. */
    static Page page(URI uri, String base) throws GeneralSecurityException, IOException, InterruptedException {
        return switch (uri.getPath().substring(uri.getPath().lastIndexOf('/') + 1)) {
            case "login" -> logIn(base);
            case "callback" -> callback(Seller.parameters(uri.getRawQuery()), base);
            case "public-key" -> new Page(200, publicKey());
            default -> null;
        };
    }
}

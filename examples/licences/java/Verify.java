import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.security.*;
import java.security.spec.*;
import java.util.*;

/**
 * Verifies a licence file without network, with the JDK and Gson.
 *
 * <p>java Verify LICENCE_FILE KEYS_FILE [FINGERPRINT [NOW]]: KEYS_FILE is the seller's JSON Web Key Set, which a program
 * has built in; FINGERPRINT is MAC addresses, disk, board and CPU serials joined by |, needed for a file that is bound to
 * a machine; NOW is in seconds since 1970, for trying. Prints JSON; exit code 0 for a good file, 1 for a refused one.
 */
public final class Verify {
  private static final class Refused extends Exception {
    private static final long serialVersionUID = 1;
    Refused(String why) { super(why); }
  }

  private static byte[] decode(String part) throws Refused {
    try {
      return Base64.getUrlDecoder().decode(part);
    } catch (IllegalArgumentException e) {
      throw new Refused("malformed");
    }
  }

  private static JsonObject json(String part) throws Refused {
    try {
      return JsonParser.parseString(new String(decode(part), StandardCharsets.UTF_8)).getAsJsonObject();
    } catch (RuntimeException e) {
      throw new Refused("malformed");
    }
  }

  /** The key of 32 bytes: y, little end first, and the sign of x (RFC 8032, 5.1.2). */
  private static boolean signed(byte[] key, String text, byte[] signature) throws GeneralSecurityException {
    byte[] y = new byte[32];
    for (int i = 0; i < 32; i++) y[i] = key[31 - i];
    boolean odd = (y[0] & 0x80) != 0;
    y[0] &= 0x7f;
    EdECPublicKeySpec spec = new EdECPublicKeySpec(NamedParameterSpec.ED25519, new EdECPoint(odd, new BigInteger(1, y)));
    Signature check = Signature.getInstance("Ed25519");
    check.initVerify(KeyFactory.getInstance("Ed25519").generatePublic(spec));
    check.update(text.getBytes(StandardCharsets.UTF_8));
    return signature.length == 64 && check.verify(signature);
  }

  private static List<Set<String>> fingerprint(String text) throws Refused, GeneralSecurityException {
    List<Set<String>> parts = new ArrayList<>();
    for (String part : text.split("\\|", -1)) {
      Set<String> ones = new TreeSet<>();
      for (String one : part.split(",")) {
        if (one.isBlank()) continue;
        byte[] hash = MessageDigest.getInstance("SHA-256").digest(one.trim().toUpperCase(Locale.ROOT).getBytes(StandardCharsets.UTF_8));
        ones.add(HexFormat.of().formatHex(hash, 0, 16));
      }
      parts.add(ones);
    }
    if (parts.size() > 8 || parts.stream().allMatch(Set::isEmpty)) throw new Refused("bad fingerprint");
    return parts;
  }

  private static boolean sameMachine(JsonObject machine, List<Set<String>> here) {
    List<Set<String>> there = new ArrayList<>();
    for (JsonElement part : machine.getAsJsonArray("parts")) {
      Set<String> ones = new TreeSet<>();
      part.getAsJsonArray().forEach(one -> ones.add(one.getAsString()));
      there.add(ones);
    }
    if (machine.get("exact").getAsBoolean()) return there.equals(here);
    int known = 0, alike = 0;
    for (int i = 0; i < Math.min(there.size(), here.size()); i++) {
      if (there.get(i).isEmpty() || here.get(i).isEmpty()) continue;
      known++;
      if (!Collections.disjoint(there.get(i), here.get(i))) alike++;
    }
    return 2 * alike > known;
  }

  private static JsonObject verify(String file, JsonObject keys, long now, String here) throws Refused, GeneralSecurityException {
    String[] parts = file.strip().split("\\.", -1);
    if (parts.length != 3) throw new Refused("malformed");
    JsonObject header = json(parts[0]);
    if (!"\"EdDSA\"".equals("" + header.get("alg")) || !"\"licence+jwt\"".equals("" + header.get("typ"))) throw new Refused("malformed");
    byte[] key = null;
    for (JsonElement one : keys.getAsJsonArray("keys"))
      if (one.getAsJsonObject().get("kid").equals(header.get("kid"))) key = decode(one.getAsJsonObject().get("x").getAsString());
    if (key == null) throw new Refused("unknown key");
    if (!signed(key, parts[0] + "." + parts[1], decode(parts[2]))) throw new Refused("bad signature");
    JsonObject claims = json(parts[1]);
    if (now + 300 < claims.get("iat").getAsLong()) throw new Refused("not yet valid: the machine's clock is behind");
    if (claims.has("exp") && claims.get("exp").getAsLong() <= now) throw new Refused("expired");
    if (claims.has("machine")) {
      if (here == null) throw new Refused("the machine's fingerprint is needed");
      if (!sameMachine(claims.getAsJsonObject("machine"), fingerprint(here))) throw new Refused("for another machine");
    }
    JsonObject said = new JsonObject();
    said.addProperty("standing", claims.has("expires") && claims.get("expires").getAsLong() <= now ? "grace" : "valid");
    said.add("features", claims.get("features"));
    said.add("quantity", claims.get("quantity"));
    return said;
  }

  public static void main(String[] args) throws Exception {
    JsonObject keys = JsonParser.parseString(Files.readString(Path.of(args[1]))).getAsJsonObject();
    String here = args.length > 2 && !args[2].isEmpty() ? args[2] : null;
    long now = args.length > 3 ? Long.parseLong(args[3]) : System.currentTimeMillis() / 1000;
    try {
      System.out.println(verify(Files.readString(Path.of(args[0])), keys, now, here));
    } catch (Refused e) {
      JsonObject said = new JsonObject();
      said.addProperty("refused", e.getMessage());
      System.out.println(said);
      System.exit(1);
    }
  }
}

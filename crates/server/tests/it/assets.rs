//! Assets: kept, versioned, linked, and handed to those who may deploy them (open-api 5, seller-domain 2.1).

use super::{on_both, sellers::yunshi};
use serde_json::{Value, json};
use testkit::Platform;

const ASSETS: &str = "/api/v1/seller/assets";
const DEPLOYED: &str = "/api/mkp-openapi-public/v1/asset/deployed-object";

async fn asset(p: &Platform, kind: &str) -> String {
    let made = p.post("seller", ASSETS, json!({ "name": kind, "kind": kind })).await;
    made["id"].as_str().unwrap().to_owned()
}

/// Sends an installer; status and answer.
async fn upload(p: &Platform, id: &str, query: &str, bytes: Vec<u8>) -> (u16, Value) {
    let request = p.http.post(format!("{}{ASSETS}/{id}/packages?{query}", p.url)).bearer_auth(p.token("seller")).body(bytes);
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn deployed(p: &Platform, role: &str, query: &str) -> (u16, Value) {
    p.send_signed(&p.signed(role, "GET", &format!("{DEPLOYED}?{query}"))).await
}

fn link(product: &Value, specification: &str) -> String {
    format!("product={}&specification={specification}", product.as_str().unwrap())
}

#[tokio::test]
async fn a_package_is_sent_linked_bought_and_fetched_by_an_address_that_is_good_for_minutes() {
    on_both(async |p| {
        let id = asset(&p, "software_package").await;
        let bytes: Vec<u8> = (0..20_000_000_u32).map(|n| n.to_le_bytes()[usize::try_from(n % 3).unwrap()]).collect();
        assert_eq!(upload(&p, &id, "version=1.0&file_name=agent.tar.gz", vec![1, 2, 3]).await.0, 200);
        let (status, whole) = upload(&p, &id, "version=1.1&file_name=agent-1(b).zip", bytes.clone()).await;
        assert_eq!((status, &whole["versions"][0]["version"], &whole["versions"][0]["length"]), (200, &json!("1.1"), &json!(20_000_000)));
        let query = format!("asset_id={id}&deployed_type=software_package&region=cn-north-4");
        let refused = deployed(&p, "buyer", &query).await;
        assert_eq!((refused.0, &refused.1["error_code"]), (400, &json!("MKT.0101")), "not bought: {}", refused.1);
        let product = p.get("nobody", "/api/v1/products/backup").await["id"].clone();
        let (status, _) = p.send("seller", "PUT", &format!("{ASSETS}/{id}/links?{}", link(&product, "standard")), None).await;
        assert_eq!(status, 200);
        assert_eq!(deployed(&p, "buyer", &query).await.0, 400, "still not bought");
        let (_, instance) = p.buy_open("1m").await;
        let (status, found) = deployed(&p, "buyer", &query).await;
        let object = &found["data"][0];
        assert_eq!((status, &found["error_code"], found["data"].as_array().unwrap().len()), (200, &json!("MKT.0000"), 1), "{found}");
        assert_eq!((&object["version"], &object["region"], &object["asset_id"]), (&json!("1.1"), &json!("cn-north-4"), &json!(id)));
        assert_eq!((&object["image_deployed_object"], &object["deployed_type"]), (&json!(null), &json!("software_package")));
        let package = &object["software_pkg_deployed_object"];
        assert_eq!((&package["package_name"], &package["checksum"]), (&json!("agent-1(b).zip"), &whole["versions"][0]["checksum"]));
        let address = package["internal_path"].as_str().unwrap();
        let got = p.http.get(address).send().await.unwrap();
        assert_eq!(got.headers()["content-disposition"], "attachment; filename=\"agent-1(b).zip\"");
        assert!(got.bytes().await.unwrap() == bytes, "byte for byte");
        let old = deployed(&p, "buyer", &format!("{query}&asset_version=1.0")).await.1;
        assert_eq!((&old["data"][0]["version"], old["data"].as_array().unwrap().len()), (&json!("1.0"), 1));
        assert_eq!(deployed(&p, "buyer", &format!("{query}&query_all=true")).await.1["data"].as_array().unwrap().len(), 2);
        assert_eq!(deployed(&p, "buyer", &format!("{query}&asset_version=9")).await.1["data"], json!([]));
        // The address is over, a bent one never was, and so is the right to ask when the service is.
        p.advance("16m").await;
        assert_eq!(p.http.get(address).send().await.unwrap().status(), 404);
        assert_eq!(p.http.get(format!("{}00", &address[..address.len() - 2])).send().await.unwrap().status(), 404);
        p.advance("50d").await;
        assert_eq!(p.instance(&instance).await["state"], "released");
        assert_eq!(deployed(&p, "buyer", &query).await.0, 400);
        assert_eq!(deployed(&p, "seller", &query).await.0, 200, "its own");
        assert_eq!(deployed(&p, "seller2", &query).await.0, 400);
    })
    .await;
}

#[tokio::test]
async fn an_image_lies_in_regions_and_is_asked_for_by_region() {
    on_both(async |p| {
        let id = asset(&p, "image").await;
        let image = |version: &str, region: &str| {
            json!({ "version": version, "region": region, "image_id": format!("img-{version}-{region}"),
                "image_name": "agent", "os_type": "Linux", "architecture": "x86" })
        };
        for (version, region) in [("1.0", "cn-north-4"), ("1.0", "cn-south-1"), ("2.0", "cn-north-4")] {
            p.post("seller", &format!("{ASSETS}/{id}/images"), image(version, region)).await;
        }
        let again = p.refused("seller", &format!("{ASSETS}/{id}/images"), image("2.0", "cn-north-4")).await;
        assert_eq!(again, (422, "asset.region_taken".into()));
        let ids = async |more: &str| {
            let (status, found) = deployed(&p, "seller", &format!("asset_id={id}&deployed_type=image{more}")).await;
            assert_eq!(status, 200, "{found}");
            let id = |o: &Value| o["image_deployed_object"]["image_id"].as_str().unwrap().to_owned();
            found["data"].as_array().unwrap().iter().map(id).collect::<Vec<_>>()
        };
        assert_eq!(ids("").await, ["img-2.0-cn-north-4"]);
        assert_eq!(ids("&asset_version=1.0&region=cn-south-1").await, ["img-1.0-cn-south-1"]);
        assert_eq!(ids("&region=cn-south-1").await, Vec::<String>::new());
        assert_eq!(ids("&query_all=true").await.len(), 3);
    })
    .await;
}

#[tokio::test]
async fn what_is_wrong_with_an_asset_is_named_and_changes_nothing() {
    on_both(async |p| {
        let (id, image) = (asset(&p, "software_package").await, asset(&p, "image").await);
        assert_eq!(p.refused("seller", ASSETS, json!({ "name": "image", "kind": "image" })).await, (422, "asset.name_taken".into()));
        let code = async |id: &str, query: &str, bytes: Vec<u8>| {
            let (status, answer) = upload(&p, id, query, bytes).await;
            (status, answer["code"].as_str().unwrap_or_default().to_owned())
        };
        for (query, refusal) in [
            ("version=1%2F0&file_name=a.zip", "asset.bad_version"),
            ("version=1.0&file_name=a.rar", "asset.bad_file_name"),
            ("version=1.0&file_name=..%2Fa.zip", "asset.bad_file_name"),
        ] {
            assert_eq!(code(&id, query, vec![1]).await, (422, refusal.to_owned()), "{query}");
        }
        assert_eq!(code(&id, "version=1.0&file_name=a.zip", vec![]).await, (422, "asset.empty".into()));
        assert_eq!(code(&image, "version=1.0&file_name=a.zip", vec![1]).await, (409, "asset.other_kind".into()));
        assert_eq!(p.get("seller", &format!("{ASSETS}/{id}")).await["versions"], json!([]));
        assert_eq!(code(&id, "version=1.0&file_name=a.zip", vec![1]).await.0, 200);
        assert_eq!(code(&id, "version=1.0&file_name=b.zip", vec![2]).await, (422, "asset.version_taken".into()));
        // Four at the same moment: one is the version, the others are told so.
        let send = |n| upload(&p, &id, "version=2.0&file_name=c.zip", vec![n; 9]);
        let (a, b, c, d) = tokio::join!(send(0), send(1), send(2), send(3));
        let mut four = [a.0, b.0, c.0, d.0];
        four.sort_unstable();
        assert_eq!(four, [200, 422, 422, 422]);
        let product = p.get("nobody", "/api/v1/products/backup").await["id"].clone();
        let theirs = p.get("seller2", "/api/v1/seller/products").await["products"][0]["id"].clone();
        let links = |product: &Value, specification: &str| format!("{ASSETS}/{id}/links?{}", link(product, specification));
        for (path, refusal) in [(links(&theirs, "standard"), "product.not_found"), (links(&product, "nothing"), "specification.not_found")]
        {
            assert_eq!(p.send("seller", "PUT", &path, None).await.1["code"], refusal);
        }
        for _ in 0..2 {
            assert_eq!(p.send("seller", "PUT", &links(&product, "standard"), None).await.0, 200, "a link that is there stays");
        }
        let path = format!("{ASSETS}/{id}");
        assert_eq!(p.send("seller", "DELETE", &path, None).await.1["code"], "asset.linked");
        assert_eq!(p.send("seller", "DELETE", &links(&product, "standard"), None).await.0, 200);
        assert_eq!(p.send("seller", "DELETE", &links(&product, "standard"), None).await.0, 404);
        assert_eq!(p.send("seller", "DELETE", &path, None).await.0, 200);
        for (query, refusal) in [
            ("deployed_type=image".to_owned(), "MKT.0199"),
            (format!("asset_id={image}"), "MKT.0199"),
            (format!("asset_id={image}&deployed_type=disk"), "MKT.0101"),
            (format!("asset_id={image}&deployed_type=software_package"), "MKT.0101"),
            (format!("asset_id={image}&deployed_type=image&query_all=yes"), "MKT.0101"),
            (format!("asset_id={image}&asset_id={image}&deployed_type=image"), "MKT.0101"),
            (format!("asset_id={id}&deployed_type=software_package"), "MKT.0101"),
        ] {
            let (status, answer) = deployed(&p, "seller", &query).await;
            assert_eq!((status, &answer["error_code"]), (400, &json!(refusal)), "{query}: {answer}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_command_line_keeps_assets() {
    let p = Platform::start(super::setup(testdb::Engine::Sqlite)).await;
    let seller = [("YUNSHI_SERVER", p.url.as_str()), ("YUNSHI_TOKEN", p.token("seller"))];
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("agent.zip");
    std::fs::write(&file, vec![5; 70_000]).unwrap();
    let (code, made) = yunshi(&["asset", "add", "agent", "--kind", "software_package"], &seller).await;
    assert_eq!(code, 0, "{made}");
    let id = made["id"].as_str().unwrap();
    let upload = ["asset", "upload", id, "--version", "1.0", file.to_str().unwrap()];
    let (code, whole) = yunshi(&upload, &seller).await;
    assert_eq!((code, &whole["versions"][0]["length"]), (0, &json!(70_000)), "{whole}");
    let (code, refused) = yunshi(&upload, &seller).await;
    assert_eq!((code, &refused["code"]), (1, &json!("asset.version_taken")));
    assert_eq!(yunshi(&["asset", "upload", id, "--version", "2", "/nowhere.zip"], &seller).await.0, 2);
    let product = p.get("nobody", "/api/v1/products/backup").await["id"].as_str().unwrap().to_owned();
    let of = ["--product", &product, "--spec", "standard"];
    assert_eq!(yunshi(&[&["asset", "link", id][..], &of].concat(), &seller).await.0, 0);
    assert_eq!(yunshi(&["asset", "remove", id], &seller).await.1["code"], "asset.linked");
    assert_eq!(yunshi(&["asset", "show", id], &seller).await.1["links"][0]["specification"], "standard");
    assert_eq!(yunshi(&["asset", "list"], &seller).await.1["assets"][0]["versions"], 1);
    assert_eq!(yunshi(&[&["asset", "unlink", id][..], &of].concat(), &seller).await.0, 0);
    assert_eq!(yunshi(&["asset", "remove", id], &seller).await.0, 0);
    let (_, image) = yunshi(&["asset", "add", "disk", "--kind", "image"], &seller).await;
    let lies = ["--version", "1", "--region", "cn-north-4", "--image", "i-1", "--name", "disk-1"];
    let (code, whole) = yunshi(&[&["asset", "image", image["id"].as_str().unwrap()][..], &lies].concat(), &seller).await;
    assert_eq!((code, &whole["versions"][0]["images"][0]["os_type"]), (0, &json!("Linux")), "{whole}");
}

#[tokio::test]
async fn files_that_no_version_names_any_more_are_cleared_after_a_day() {
    for engine in testdb::engines() {
        let mut p = Platform::start(super::setup(engine)).await;
        let (kept, gone) =
            (asset(&p, "software_package").await, p.post("seller", ASSETS, json!({ "name": "b", "kind": "software_package" })).await);
        let gone = gone["id"].as_str().unwrap().to_owned();
        assert_eq!(upload(&p, &kept, "version=1&file_name=a.zip", vec![1; 9]).await.0, 200);
        assert_eq!(upload(&p, &gone, "version=1&file_name=a.zip", vec![2; 9]).await.0, 200);
        assert_eq!(p.send("seller", "DELETE", &format!("{ASSETS}/{gone}"), None).await.0, 200);
        let folder = p.data().join("files/assets");
        let files = || std::fs::read_dir(&folder).unwrap().map(|f| f.unwrap().path()).collect::<Vec<_>>();
        assert_eq!(files().len(), 2, "what was removed a moment ago stays");
        p.kill().await;
        for file in files() {
            let file = std::fs::File::options().write(true).open(file).unwrap();
            file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
        }
        p.run().await;
        let cleared = async {
            while files().len() > 1 {
                p.get("seller", ASSETS).await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(20), cleared).await.expect("the file is cleared after the start");
        assert_eq!(upload(&p, &kept, "version=2&file_name=a.zip", vec![1; 9]).await.0, 200);
        assert_eq!(files().len(), 1, "what a version names stays");
    }
}

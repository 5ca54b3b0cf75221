//! `yunshi apply`: the catalogue as code. Declares keys, addresses and products; debugs new addresses;
//! submits new and changed products.

use crate::{
    cli::Apply,
    output::{self, Failure},
    remote::{Remote, with_query},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Catalogue {
    key: Vec<Key>,
    address: Vec<Address>,
    product: Vec<Product>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    name: String,
    class: String,
    secret: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Address {
    name: String,
    url: String,
    key: String,
    /// Any protocol that `yunshi conformance` knows; `saas-v2` when left out.
    #[serde(default)]
    protocol: Option<String>,
    #[serde(default)]
    always_test_flag: bool,
    #[serde(default)]
    send_empty_parameters: bool,
    /// `order-notify`: only orders of this product.
    #[serde(default)]
    product: Option<String>,
    /// `order-notify`: orders of all products of this access type.
    #[serde(default)]
    access_type: Option<String>,
    /// `saas-azure`: the page on which a buyer sets a subscription up.
    #[serde(default)]
    landing_page: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Product {
    key: String,
    /// Name of the address that opens its instances; a licence by code needs none.
    #[serde(default)]
    address: Option<String>,
    /// As in `PUT /api/v1/seller/products/by-key/{key}`.
    /// `logo` and `pictures` may name files beside this one.
    listing: Value,
    #[serde(skip)]
    beside: Beside,
}

/// What a catalogue's file names are relative to.
#[derive(Debug, Clone)]
pub enum Beside {
    Folder(PathBuf),
    /// Files that are part of this program.
    Program(fn(&str) -> Option<&'static [u8]>),
}

impl Default for Beside {
    fn default() -> Self {
        Self::Folder(PathBuf::from("."))
    }
}

impl Beside {
    fn read(&self, name: &str) -> Result<Vec<u8>, Failure> {
        match self {
            Self::Folder(folder) => {
                let path = folder.join(name);
                std::fs::read(&path).map_err(|e| Failure::WrongUse(format!("{}: {e}", path.display())))
            }
            Self::Program(find) => find(name).map(<[u8]>::to_vec).ok_or_else(|| Failure::failed(format!("there is no file {name}"))),
        }
    }
}

fn files(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    let wrong = |e: std::io::Error| Failure::WrongUse(format!("{}: {e}", path.display()));
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found: Vec<PathBuf> = std::fs::read_dir(path)
        .map_err(wrong)?
        .filter_map(|entry| entry.ok().map(|e| e.path()))
        .filter(|p| p.extension().is_some_and(|e| e == "toml"))
        .collect();
    found.sort();
    if found.is_empty() {
        return Err(Failure::WrongUse(format!("{} holds no .toml file", path.display())));
    }
    Ok(found)
}

/// Puts the environment's values in the place of `${NAME}`.
fn with_environment(text: &str, file: &Path) -> Result<String, Failure> {
    let mut parts = text.split("${");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}').ok_or_else(|| Failure::WrongUse(format!("{}: a ${{ is not closed", file.display())))?;
        let value =
            std::env::var(name).map_err(|_| Failure::WrongUse(format!("{} needs the environment variable {name}", file.display())))?;
        // Inside a quoted text: a quote or backslash in the value stays what it is.
        out.push_str(&value.replace('\\', "\\\\").replace('"', "\\\""));
        out.push_str(rest);
    }
    Ok(out)
}

fn read(path: &Path) -> Result<Catalogue, Failure> {
    let mut all = Catalogue::default();
    for file in files(path)? {
        let text = std::fs::read_to_string(&file).map_err(|e| Failure::WrongUse(format!("{}: {e}", file.display())))?;
        let one: Catalogue =
            toml::from_str(&with_environment(&text, &file)?).map_err(|e| Failure::WrongUse(format!("{}: {e}", file.display())))?;
        all.key.extend(one.key);
        all.address.extend(one.address);
        let beside = Beside::Folder(file.parent().unwrap_or(Path::new(".")).to_owned());
        all.product.extend(one.product.into_iter().map(|p| Product { beside: beside.clone(), ..p }));
    }
    Ok(all)
}

struct Run<'a> {
    remote: &'a Remote,
    dry: &'static str,
    changes: Vec<Value>,
}

impl Run<'_> {
    fn change(&mut self, kind: &str, key: &str, declared: &Value) -> String {
        let action = declared["action"].as_str().unwrap_or_default().to_owned();
        tracing::info!(kind, key, action, "declared");
        self.changes.push(json!({ "kind": kind, "key": key, "action": action, "id": declared["id"] }));
        action
    }

    async fn key(&mut self, key: &Key) -> Result<String, Failure> {
        let body = json!({ "class": key.class, "secret": key.secret });
        let declared = self.remote.put(&format!("/api/v1/seller/keys/by-name/{}{}", key.name, self.dry), &body).await?;
        Ok(self.change("key", &key.name, &declared))
    }

    async fn address(&mut self, address: &Address) -> Result<(), Failure> {
        let body = json!({
            "url": address.url, "key": address.key, "protocol": address.protocol.as_deref().unwrap_or("saas-v2"),
            "always_test_flag": address.always_test_flag, "send_empty_parameters": address.send_empty_parameters,
            "product": address.product, "access_type": address.access_type, "landing_page": address.landing_page,
        });
        let path = format!("/api/v1/seller/addresses/by-name/{}{}", address.name, self.dry);
        let declared = self.remote.put(&path, &body).await?;
        self.change("address", &address.name, &declared);
        if self.dry.is_empty() {
            self.debug(&address.name, declared["id"].as_str().unwrap_or_default()).await?;
        }
        Ok(())
    }

    /// Debugs an address that has no saved cases, and saves those that pass.
    async fn debug(&self, name: &str, id: &str) -> Result<(), Failure> {
        let cases = self.remote.get(&format!("/api/v1/seller/addresses/{id}/cases")).await?;
        if cases["cases"].as_array().is_some_and(|c| !c.is_empty()) {
            return Ok(());
        }
        tracing::info!(name, "debugging the address");
        let report = self.remote.post(&format!("/api/v1/seller/addresses/{id}/debug"), &json!({ "save": true })).await?;
        let empty = Vec::new();
        for case in report["cases"].as_array().unwrap_or(&empty) {
            let why = case["reason"]["text"].as_str().unwrap_or_default();
            if case["result"] == "fail" {
                eprintln!("address {name}, case {}: {why}", case["name"].as_str().unwrap_or_default());
            }
        }
        Ok(())
    }

    async fn addresses(&self) -> Result<Vec<Value>, Failure> {
        Ok(self.remote.get("/api/v1/seller/addresses").await?["addresses"].as_array().cloned().unwrap_or_default())
    }

    async fn product(&mut self, product: &Product) -> Result<(), Failure> {
        let mut listing = product.listing.clone();
        if let Some(name) = &product.address {
            let found = self.addresses().await?.into_iter().find(|a| a["name"] == name.as_str());
            match found {
                Some(address) => listing["interface_address"] = address["id"].clone(),
                None if !self.dry.is_empty() => {}
                None => return Err(Failure::WrongUse(format!("product {}: there is no address {name}", product.key))),
            }
        }
        self.send_pictures(product, &mut listing).await?;
        let path = format!("/api/v1/seller/products/by-key/{}{}", product.key, self.dry);
        let declared = self.remote.put(&path, &listing).await?;
        self.change("product", &product.key, &declared);
        Ok(())
    }

    /// The id of a picture that is named by its file; on a dry run none when it is new.
    async fn picture(&self, product: &Product, kind: &str, name: &str) -> Result<Option<String>, Failure> {
        if name.starts_with("pic_") {
            return Ok(Some(name.to_owned()));
        }
        let dry = if self.dry.is_empty() { "" } else { "&dry_run=true" };
        let sent = self.remote.post_bytes(&format!("/api/v1/pictures?kind={kind}{dry}"), product.beside.read(name)?).await?;
        Ok(sent["id"].as_str().map(str::to_owned))
    }

    /// Puts ids in the place of file names; what a dry run does not send is left out.
    async fn send_pictures(&self, product: &Product, listing: &mut Value) -> Result<(), Failure> {
        if let Some(name) = listing["logo"].as_str().map(str::to_owned) {
            listing["logo"] = json!(self.picture(product, "logo", &name).await?);
        }
        let Some(names) = listing["pictures"].as_array().cloned() else { return Ok(()) };
        let mut ids = Vec::new();
        for name in names.iter().filter_map(Value::as_str) {
            ids.extend(self.picture(product, "main", name).await?);
        }
        listing["pictures"] = json!(ids);
        Ok(())
    }

    async fn all(&mut self, catalogue: &Catalogue, submit: bool) -> Result<Vec<Value>, Failure> {
        let mut new_key = false;
        for key in &catalogue.key {
            new_key |= self.key(key).await? == "created";
        }
        for address in &catalogue.address {
            if new_key && !self.dry.is_empty() {
                // The key is not there, so the server cannot try the address out.
                self.change("address", &address.name, &json!({ "action": "created", "id": null }));
            } else {
                self.address(address).await?;
            }
        }
        let mut applications = Vec::new();
        for product in &catalogue.product {
            self.product(product).await?;
            if submit {
                applications.extend(self.submit(&product.key).await?);
            }
        }
        Ok(applications)
    }

    /// Submits the product's draft, if it has one; returns its application.
    async fn submit(&self, key: &str) -> Result<Option<Value>, Failure> {
        let products = self.remote.get(&with_query("/api/v1/seller/products", &[("key", Some(key.to_owned()))])).await?;
        let found = products["products"].get(0).cloned();
        let Some(product) = found else {
            return Ok(None);
        };
        let (id, state) = (product["application_id"].clone(), product["application_state"].as_str().unwrap_or_default());
        if state != "draft" {
            return Ok((state == "in_review").then(|| json!({ "id": id, "product": key, "state": state })));
        }
        let id = id.as_str().unwrap_or_default();
        self.remote.post(&format!("/api/v1/seller/applications/{id}/submit"), &json!({})).await.map(Some)
    }
}

/// Declares a catalogue of this program; returns the keys of its products.
///
/// # Errors
/// What the server refused, or that the text is no catalogue.
pub async fn declare_text(remote: &Remote, text: &str, files: fn(&str) -> Option<&'static [u8]>) -> Result<Vec<String>, Failure> {
    let mut catalogue: Catalogue = toml::from_str(text).map_err(Failure::failed)?;
    for product in &mut catalogue.product {
        product.beside = Beside::Program(files);
    }
    Run { remote, dry: "", changes: Vec::new() }.all(&catalogue, false).await?;
    Ok(catalogue.product.into_iter().map(|p| p.key).collect())
}

/// Submits the draft of a product; returns its application.
///
/// # Errors
/// What the server refused.
pub async fn submit_product(remote: &Remote, key: &str) -> Result<Option<Value>, Failure> {
    Run { remote, dry: "", changes: Vec::new() }.submit(key).await
}

/// `yunshi apply`.
pub async fn run(remote: &Remote, args: &Apply, json: bool) -> Result<(), Failure> {
    let catalogue = read(&args.file)?;
    let mut run = Run { remote, dry: if args.dry_run { "?dry_run=true" } else { "" }, changes: Vec::new() };
    let applications = run.all(&catalogue, !args.dry_run && !args.draft).await?;
    let document = json!({ "changes": run.changes, "applications": applications });
    if json {
        output::document(true, &document);
    } else {
        output::table(false, &document, "changes", &["kind", "key", "action", "id"]);
        output::table(false, &document, "applications", &["id", "product", "state"]);
    }
    Ok(())
}

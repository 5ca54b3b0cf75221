//! The storefront's index: derived from the products, in Chinese and English, rebuilt at will.

mod kept;
mod words;

use app::{Actor, App, Error, catalogue};
use db::Key;
use domain::{
    id::{AccountId, ProductId},
    listing::{Category, Listing},
};
use kept::Reached;
use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use store::product::{self, Changed};
use tantivy::{
    DocAddress, Index, IndexReader, IndexWriter, Order, ReloadPolicy, Searcher, TantivyDocument, Term,
    collector::{Count, FacetCollector, TopDocs},
    query::{AllQuery, BooleanQuery, BoostQuery, EmptyQuery, Occur, Query, RangeQuery, TermQuery},
    schema::{FAST, Facet, FacetOptions, Field, INDEXED, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions, Value},
};

#[derive(Clone, Copy)]
struct Fields {
    id: Field,
    site: Field,
    name: Field,
    text: Field,
    facets: Field,
    price: Field,
    listed_at: Field,
    card: Field,
}

fn schema() -> (Schema, Fields) {
    let mut s = Schema::builder();
    let indexing = TextFieldIndexing::default().set_tokenizer("words").set_index_option(IndexRecordOption::WithFreqsAndPositions);
    let text = TextOptions::default().set_indexing_options(indexing);
    let fields = Fields {
        id: s.add_text_field("id", STRING),
        site: s.add_text_field("site", STRING),
        name: s.add_text_field("name", text.clone()),
        text: s.add_text_field("text", text),
        facets: s.add_facet_field("facets", FacetOptions::default()),
        price: s.add_u64_field("price", FAST | INDEXED),
        listed_at: s.add_u64_field("listed_at", FAST),
        card: s.add_text_field("card", STORED),
    };
    (s.build(), fields)
}

domain::words! {
    /// How results are sorted.
    pub enum Sort ("sort") { Relevance = "relevance", Newest = "newest", PriceUp = "price_up", PriceDown = "price_down" }
}

/// A question to the index.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub site: String,
    pub text: Option<String>,
    pub category: Option<Category>,
    pub seller: Option<AccountId>,
    pub charging: Option<String>,
    pub trial: bool,
    /// Lowest price in minor units.
    pub price_from: Option<u64>,
    pub price_to: Option<u64>,
    pub sort: Sort,
    pub offset: usize,
    pub limit: usize,
}

/// How many results have which property.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Facets {
    pub category: Vec<(String, u64)>,
    pub charging: Vec<(String, u64)>,
    pub trial: u64,
}

/// Results: the stored cards in order, how many there are in all, and the facets.
#[derive(Debug, Clone)]
pub struct Found {
    pub cards: Vec<serde_json::Value>,
    pub total: usize,
    pub facets: Facets,
}

/// Products that are taken in by one commit.
const BATCH: i64 = 500;

struct Inner {
    reader: IndexReader,
    writer: Mutex<IndexWriter>,
    fields: Fields,
    index: Index,
    reached: tokio::sync::Mutex<Reached>,
}

/// The index of a node; cheap to clone.
#[derive(Clone)]
pub struct Search(Arc<Inner>);

fn bad(e: &dyn std::fmt::Display) -> Error {
    Error::row("search", "index", e)
}

impl Search {
    /// Opens the index in a folder, or begins an empty one: when there is none, when it is of another
    /// database or form, and in memory when another process has the folder. [`Search::refresh`] brings it up to date.
    ///
    /// # Errors
    /// What database or index say.
    pub async fn open(app: &App, folder: &Path) -> Result<Self, Error> {
        let (schema, fields) = schema();
        let installation = app.write(Actor::System, app::installation).await?;
        let opened = kept::open(folder, &schema, &installation);
        let (index, writer, reached) = opened.map_err(|e| bad(&e))?;
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into().map_err(|e| bad(&e))?;
        Ok(Self(Arc::new(Inner { reader, writer: Mutex::new(writer), fields, index, reached: tokio::sync::Mutex::new(reached) })))
    }

    /// Takes in the products that changed since the last time; says how many.
    ///
    /// # Errors
    /// What database or index say.
    pub async fn refresh(&self, app: &App) -> Result<usize, Error> {
        let mut reached = self.0.reached.lock().await;
        let mut taken = 0;
        let mut place = reached.start();
        loop {
            let (since, after) = place;
            let mut changed = app.read(Actor::System, move |tx, _| Ok(product::any_changed(tx, since, after, BATCH)?)).await?;
            let Some(last) = changed.last() else { break };
            place = (last.product.updated_at.micros(), last.product.id);
            changed.retain(|c| !reached.has(c.product.id, c.product.updated_at.micros()));
            if changed.is_empty() {
                continue;
            }
            taken += changed.len();
            let mut further = reached.clone();
            for c in &changed {
                further.take(c.product.id, c.product.updated_at.micros());
            }
            let (this, payload) = (self.clone(), further.text());
            tokio::task::spawn_blocking(move || this.take(&changed, &payload)).await.map_err(|e| bad(&e))??;
            *reached = further;
        }
        Ok(taken)
    }

    fn take(&self, changed: &[Changed], reached: &str) -> Result<(), Error> {
        let fields = self.0.fields;
        let mut writer = self.0.writer.lock().unwrap_or_else(PoisonError::into_inner);
        for listed in changed {
            let id = hex_of(listed.product.id);
            writer.delete_term(Term::from_field_text(fields.id, &id));
            if listed.product.visibility.in_storefront() {
                let listing = catalogue::listing(&listed.revision)?;
                writer.add_document(document(fields, listed, &listing, &id)).map_err(|e| bad(&e))?;
            }
        }
        let mut commit = writer.prepare_commit().map_err(|e| bad(&e))?;
        commit.set_payload(reached);
        commit.commit().map_err(|e| bad(&e))?;
        self.0.reader.reload().map_err(|e| bad(&e))
    }

    /// Keeps the index fresh until the task is dropped.
    pub async fn run(self, app: App) {
        let mut every = tokio::time::interval(Duration::from_secs(1));
        loop {
            every.tick().await;
            if let Err(e) = self.refresh(&app).await {
                tracing::warn!(error = %e, "the search index could not be refreshed");
            }
        }
    }

    /// A number that changes with the index.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.0.reader.searcher().generation().generation_id()
    }

    /// Answers a question.
    ///
    /// # Errors
    /// What the index library says.
    pub fn find(&self, wanted: &Wanted) -> Result<Found, Error> {
        let searcher = self.0.reader.searcher();
        let query = self.query(wanted);
        let page = TopDocs::with_limit(wanted.limit).and_offset(wanted.offset);
        let mut collector = FacetCollector::for_field("facets");
        for root in ["/category", "/charging", "/trial"] {
            collector.add_facet(root);
        }
        let (total, counts) = searcher.search(&query, &(Count, collector)).map_err(|e| bad(&e))?;
        let addresses: Vec<_> = match wanted.sort {
            Sort::Relevance => searcher.search(&query, &page.order_by_score()).map_err(|e| bad(&e))?.into_iter().map(|(_, a)| a).collect(),
            Sort::Newest | Sort::PriceUp | Sort::PriceDown => {
                let (field, order) = match wanted.sort {
                    Sort::PriceUp => ("price", Order::Asc),
                    Sort::PriceDown => ("price", Order::Desc),
                    Sort::Newest | Sort::Relevance => ("listed_at", Order::Desc),
                };
                let by = page.order_by_fast_field::<u64>(field, order);
                searcher.search(&query, &by).map_err(|e| bad(&e))?.into_iter().map(|(_, a)| a).collect()
            }
        };
        let cards = addresses.into_iter().map(|address| self.card(&searcher, address)).collect::<Result<_, _>>()?;
        let list = |root: &str| -> Vec<(String, u64)> {
            counts.get(root).map(|(facet, count)| (facet.to_path().last().copied().unwrap_or_default().to_owned(), count)).collect()
        };
        let trial = list("/trial").first().map_or(0, |(_, n)| *n);
        let facets = Facets { category: list("/category"), charging: list("/charging"), trial };
        Ok(Found { cards, total, facets })
    }

    /// The cards of products, of those that are in the index.
    ///
    /// # Errors
    /// What the index library says.
    pub fn cards(&self, products: &[ProductId]) -> Result<Vec<serde_json::Value>, Error> {
        let (searcher, fields) = (self.0.reader.searcher(), self.0.fields);
        let mut cards = Vec::new();
        for product in products {
            let term = Term::from_field_text(fields.id, &hex_of(Key::of(*product)));
            let top = TopDocs::with_limit(1).order_by_score();
            let found = searcher.search(&TermQuery::new(term, IndexRecordOption::Basic), &top).map_err(|e| bad(&e))?;
            for (_, address) in found {
                cards.push(self.card(&searcher, address)?);
            }
        }
        Ok(cards)
    }

    /// How many sellers have products on sale at a site.
    ///
    /// # Errors
    /// What the index library says.
    pub fn sellers(&self, site: &str) -> Result<usize, Error> {
        let mut collector = FacetCollector::for_field("facets");
        collector.add_facet("/seller");
        let of_site = TermQuery::new(Term::from_field_text(self.0.fields.site, site), IndexRecordOption::Basic);
        let counts = self.0.reader.searcher().search(&of_site, &collector).map_err(|e| bad(&e))?;
        Ok(counts.get("/seller").count())
    }

    fn card(&self, searcher: &Searcher, address: DocAddress) -> Result<serde_json::Value, Error> {
        let doc: TantivyDocument = searcher.doc(address).map_err(|e| bad(&e))?;
        let card = doc.get_first(self.0.fields.card).and_then(|v| v.as_str()).unwrap_or_default();
        serde_json::from_str(card).map_err(|e| bad(&e))
    }

    fn query(&self, wanted: &Wanted) -> Box<dyn Query> {
        let fields = self.0.fields;
        let exact = |field, text: &str| -> Box<dyn Query> {
            Box::new(TermQuery::new(Term::from_field_text(field, text), IndexRecordOption::Basic))
        };
        let facet = |path: String| -> Box<dyn Query> {
            let term = Term::from_facet(fields.facets, &Facet::from(path.as_str()));
            Box::new(TermQuery::new(term, IndexRecordOption::Basic))
        };
        let mut all: Vec<(Occur, Box<dyn Query>)> = vec![(Occur::Must, exact(fields.site, &wanted.site))];
        all.push((Occur::Must, self.text_query(wanted.text.as_deref())));
        if let Some(seller) = wanted.seller {
            all.push((Occur::Must, facet(format!("/seller/{}", hex_of(Key::of(seller))))));
        }
        if let Some(category) = wanted.category {
            all.push((Occur::Must, facet(format!("/category/{category}"))));
        }
        if let Some(charging) = &wanted.charging {
            all.push((Occur::Must, facet(format!("/charging/{charging}"))));
        }
        if wanted.trial {
            all.push((Occur::Must, facet("/trial/yes".to_owned())));
        }
        if wanted.price_from.is_some() || wanted.price_to.is_some() {
            use std::ops::Bound::{Included, Unbounded};
            let bound = |price: Option<u64>| price.map_or(Unbounded, |p| Included(Term::from_field_u64(fields.price, p)));
            all.push((Occur::Must, Box::new(RangeQuery::new(bound(wanted.price_from), bound(wanted.price_to)))));
        }
        Box::new(BooleanQuery::new(all))
    }

    /// Every word must occur, in the name (which counts more) or in the text.
    fn text_query(&self, text: Option<&str>) -> Box<dyn Query> {
        let fields = self.0.fields;
        let Some(text) = text.map(str::trim).filter(|t| !t.is_empty()) else {
            return Box::new(AllQuery);
        };
        let Some(mut analyzer) = self.0.index.tokenizers().get("words") else {
            return Box::new(EmptyQuery);
        };
        let mut words = Vec::new();
        analyzer.token_stream(text).process(&mut |token| words.push(token.text.clone()));
        if words.is_empty() {
            return Box::new(EmptyQuery);
        }
        let word = |w: &String| -> (Occur, Box<dyn Query>) {
            let term = |field| TermQuery::new(Term::from_field_text(field, w), IndexRecordOption::WithFreqs);
            let name = BoostQuery::new(Box::new(term(fields.name)), 4.0);
            (Occur::Must, Box::new(BooleanQuery::union(vec![Box::new(name), Box::new(term(fields.text))])))
        };
        Box::new(BooleanQuery::new(words.iter().map(word).collect()))
    }
}

fn hex_of(key: Key) -> String {
    key.0.iter().map(|b| format!("{b:02x}")).collect()
}

fn document(fields: Fields, listed: &Changed, listing: &Listing, id: &str) -> TantivyDocument {
    let mut doc = TantivyDocument::default();
    doc.add_text(fields.id, id);
    doc.add_text(fields.site, listed.product.site.as_str());
    doc.add_text(fields.name, &listing.name.zh);
    doc.add_text(fields.name, &listing.name.en);
    doc.add_text(fields.name, &listed.product.key);
    let texts = [&listing.overview, &listing.description];
    for text in texts.into_iter().chain(&listing.highlights) {
        doc.add_text(fields.text, &text.zh);
        doc.add_text(fields.text, &text.en);
    }
    doc.add_text(fields.text, &listed.seller_name);
    doc.add_facet(fields.facets, Facet::from(format!("/seller/{}", hex_of(listed.product.seller_id)).as_str()));
    if let Some(category) = listing.category {
        doc.add_facet(fields.facets, Facet::from(format!("/category/{category}").as_str()));
    }
    let mut charging: Vec<&str> = listing.specifications.iter().filter(|s| s.on_sale).map(|s| s.charging_mode.as_str()).collect();
    charging.sort_unstable();
    charging.dedup();
    for mode in charging {
        doc.add_facet(fields.facets, Facet::from(format!("/charging/{mode}").as_str()));
    }
    if listing.trial_days().is_some() {
        doc.add_facet(fields.facets, Facet::from("/trial/yes"));
    }
    let price = listing.price_from();
    doc.add_u64(fields.price, price.and_then(|(p, _)| u64::try_from(p).ok()).unwrap_or(0));
    doc.add_u64(fields.listed_at, u64::try_from(listed.product.updated_at.micros()).unwrap_or(0));
    let card = serde_json::json!({
        "id": listed.product.id.id::<ProductId>(),
        "key": listed.product.key,
        "name": listing.name,
        "overview": listing.overview,
        "category": listing.category,
        "seller_id": listed.product.seller_id.id::<AccountId>(),
        "seller_name": listed.seller_name,
        "logo": listing.logo,
        "price_from_minor": price.map(|(p, _)| p),
        "price_per": price.map(|(_, per)| per),
        "trial_days": listing.trial_days(),
        "access_type": listing.access_type,
    });
    doc.add_text(fields.card, card.to_string());
    doc
}

//! Lives that are played at once over HTTP, on processes that are killed at any moment and started again: nobody sees a failure,
//! nothing is lost, nothing is done twice, and what is paid ends. What callers do is the same for the same seed, but not who
//! comes first. `make stress` plays new ones.

mod line;
mod people;

use super::{held_seller::HeldSeller, licence::list_shield, nodes::yunshi, setup, supervision};
use line::Line;
use people::Person;
use seller_rust::Fault;
use std::{collections::BTreeSet, sync::Arc};
use testdb::Engine;
use testkit::{Node, Platform, Setup};
use tokio::task::JoinSet;

/// What a killed process held is free again after so long.
const SHORT_LEASE: &str = "call_total_seconds = 2.0\njob_lease_seconds = 7\n";
/// The last one is fate.
const PEOPLE: [&str; 7] = ["buyer", "buyer", "buyer", "buyer2", "seller", "operator", "operator"];

/// What was found by `make stress`, and is played each time on both engines.
const KEPT: &[u64] = &[];

/// How long a life is.
struct Life {
    engine: Engine,
    seed: u64,
    kills: u32,
    /// Requests that are answered between two of them, at most.
    apart: u64,
    /// Time that passes at the end: all that is under way comes to its end.
    end: &'static str,
}

/// The processes of a life: on PostgreSQL a worker of its own.
struct Processes {
    p: Platform,
    worker: Option<Node>,
}

impl Processes {
    async fn kill(&mut self, line: &Line, dice: &mut fastrand::Rng) {
        match self.worker.take() {
            Some(worker) if dice.bool() => {
                worker.kill().await;
                if dice.bool() {
                    line.answers(dice.u64(1..20)).await;
                }
                self.worker = Some(self.p.join("worker").await);
            }
            worker => {
                self.p.kill().await;
                self.p.run().await;
                line.moves_to(&self.p.url);
                self.worker = worker;
            }
        }
    }

    /// How often a caller was refused because what it wanted stayed locked.
    async fn refused_for_locks(&self) -> u64 {
        let mut count = 0;
        for url in [Some(&self.p.url), self.worker.as_ref().map(|w| &w.url)].into_iter().flatten() {
            let text = self.p.http.get(format!("{url}/metrics")).send().await.unwrap().text().await.unwrap();
            let name = r#"yunshi_db_refused_total{reason="lock"}"#;
            count += text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok()).unwrap_or(0);
        }
        count
    }
}

/// A platform with products of all kinds whose seller is in this process.
async fn begin(engine: Engine) -> (Processes, HeldSeller) {
    let role = if engine == Engine::Postgres { "api" } else { "all" };
    let mut p = Platform::start(Setup { start: supervision::FROM, role, ..setup(engine) }).await;
    supervision::list(&p, "service", "human_service", |_| {}).await;
    list_shield(&p, None).await;
    p.configure(SHORT_LEASE);
    let seller = HeldSeller::take_over(&mut p).await;
    let worker = if engine == Engine::Postgres { Some(p.join("worker").await) } else { None };
    (Processes { p, worker }, seller)
}

/// Orders that there are of what was bought by buyers themselves; renewals may be the platform's.
async fn orders(p: &Platform, role: &str) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for kind in ["new", "trial"] {
        let mut next = String::new();
        loop {
            let found = p.get(role, &format!("/api/v1/orders?as=buyer&kind={kind}&limit=100{next}")).await;
            all.extend(found["orders"].as_array().unwrap().iter().map(|o| testkit::number(o).to_owned()));
            let Some(cursor) = found["next"].as_str() else { break };
            next = format!("&cursor={cursor}");
        }
    }
    all
}

impl Life {
    async fn live(&self) {
        let mut dice = fastrand::Rng::with_seed(self.seed);
        let (mut all, seller) = begin(self.engine).await;
        let (line, seller) = (Arc::new(Line::to(&all.p)), Arc::new(seller));
        let first = all.p.buy_open("1m").await.0;
        line.was_placed(&first);
        let mut people = JoinSet::new();
        for (n, role) in PEOPLE.into_iter().enumerate() {
            let (line, seller, dice) = (line.clone(), seller.clone(), dice.fork());
            let (name, is_fate) = (format!("{role}-{n}"), n + 1 == PEOPLE.len());
            people.spawn(Person { line, seller, role, is_fate, name, dice, sent: 0 }.live());
        }
        for kill in 0..self.kills {
            // What a killed process held is not done before its lease is over, and until then the clock does not move.
            if kill % 3 == 2 {
                line.moves().await;
            }
            line.answers(dice.u64(1..self.apart)).await;
            all.kill(&line, &mut dice).await;
        }
        line.answers(self.apart).await;
        line.end();
        while let Some(person) = people.join_next().await {
            person.unwrap();
        }
        eprintln!("{}", line.outcomes());
        assert!(line.found().is_empty(), "{:#?}", line.found());
        seller.answers(true);
        seller.fault(Fault::None);
        self.ends(all, &line).await;
    }

    /// Time passes, and all that was begun is over: the books agree, and nothing stays.
    async fn ends(&self, all: Processes, line: &Line) {
        let p = &all.p;
        p.advance(self.end).await;
        p.verify().await;
        let told: BTreeSet<String> = line.placed().into_iter().collect();
        let mut are = orders(p, "buyer").await;
        are.extend(orders(p, "buyer2").await);
        let unknown: Vec<_> = are.difference(&told).collect();
        assert!(unknown.is_empty(), "each order was placed once, and its buyer told: {unknown:?}");
        // What is billed by use is in no list.
        for unlisted in told.difference(&are) {
            p.get("operator", &format!("/api/v1/orders/{unlisted}")).await;
        }
        let open = p.get("operator", "/api/v1/orders?state=processing&limit=100").await;
        let kind = |o: &serde_json::Value| o["lines"][0]["product"].as_str().unwrap_or_default().to_owned();
        let stuck: Vec<_> =
            open["orders"].as_array().unwrap().iter().filter(|o| !["service", "shield"].contains(&kind(o).as_str())).collect();
        assert!(stuck.is_empty(), "what is paid ends: {stuck:#?}");
        assert_eq!(all.refused_for_locks().await, 0, "nothing stays locked");
        if let Some(worker) = all.worker {
            worker.ask_to_stop().await;
            worker.ended().await;
        }
        let mut p = all.p;
        p.stop().await;
        let (code, said) = yunshi(&p, &["--json", "verify", "--database", p.database()]).await;
        assert_eq!(code, 0, "{said}");
    }
}

#[tokio::test]
async fn a_life_on_two_nodes_of_which_any_is_killed_loses_nothing() {
    if Engine::Postgres.is_wanted() {
        Life { engine: Engine::Postgres, seed: 1, kills: 2, apart: 60, end: "9d" }.live().await;
    }
}

/// `make stress` names a seed.
#[tokio::test]
async fn lives_that_found_something_or_are_named_lose_nothing() {
    let named = std::env::var("YUNSHI_TEST_SEED").ok().map(|seed| seed.parse().unwrap());
    let (seeds, kills, apart, end) = match named {
        Some(seed) => (vec![seed], 10, 200, "70d"),
        None => (KEPT.to_vec(), 2, 60, "9d"),
    };
    for (seed, engine) in seeds.into_iter().flat_map(|seed| testdb::engines().map(move |engine| (seed, engine))) {
        Life { engine, seed, kills, apart, end }.live().await;
    }
}

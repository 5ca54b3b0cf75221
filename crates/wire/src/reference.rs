//! The calls of the marketplace as a document for sellers: parameter tables, signed samples and answers, made from the
//! code that sends and judges them.
//!
#![doc = include_str!("../INTERFACES.md")]

use crate::{
    conformance::{Moment, Prepared, Protocol, Scenario, Suite},
    field::Field,
    kit, licence, licence_online, licence_v1, order_notify, saas_v1, saas_v2,
};
use std::fmt::Write;

/// The key that signs the samples.
pub const KEY: &str = "testkey";

const MOMENT: Moment<'_> = Moment {
    now_ms: 1_666_677_988_730,
    nonce: "RLLUammMSInlrNWbRLLUammMSInlrNWb",
    business_id: "b0000000000000000000000000000001",
    expire_time: "20231025060628",
};

/// The instance of the samples.
const INSTANCE: &str = "i-1";

/// A call's name with its parameter table.
type Table = (&'static str, Vec<Field>);

fn tables(protocol: Protocol) -> Vec<Table> {
    let plain = |all: &[(&'static str, &[Field])]| all.iter().map(|(name, fields)| (*name, fields.to_vec())).collect();
    match protocol {
        Protocol::SaasV2 => plain(saas_v2::FIELDS),
        Protocol::SaasV1 => saas_v1::FIELDS.iter().filter_map(|(name, _)| Some((*name, saas_v1::fields_of(name)?))).collect(),
        Protocol::Licence => plain(licence::FIELDS),
        Protocol::LicenceV1 => licence_v1::FIELDS.iter().filter_map(|(name, _)| Some((*name, licence_v1::fields_of(name)?))).collect(),
        Protocol::LicenceOnline => {
            let shared = ["newInstance", "refreshInstance", "updateInstanceStatus", "releaseInstance"];
            let mut all: Vec<Table> = plain(saas_v2::FIELDS);
            all.retain(|(name, _)| shared.contains(name));
            all.push((licence_online::ACTIVITY, licence_online::FIELDS.to_vec()));
            all
        }
        Protocol::OrderNotify => vec![(order_notify::ACTIVITY, order_notify::FIELDS.to_vec())],
        Protocol::Kit | Protocol::KitV1 => plain(kit::FIELDS),
        Protocol::SaasAws | Protocol::SaasAzure => Vec::new(),
    }
}

fn title(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::SaasV2 => "SaaS 2.0",
        Protocol::SaasV1 => "SaaS 1.0",
        Protocol::Licence => "Licence: authorisation code 2.0",
        Protocol::LicenceV1 => "Licence 1.x",
        Protocol::LicenceOnline => "Licence: on-line opening",
        Protocol::OrderNotify => "Order notification",
        Protocol::Kit => "Joint-SaaS kit 2.0",
        Protocol::KitV1 => "Joint-SaaS kit 1.0",
        Protocol::SaasAws => "AWS Marketplace",
        Protocol::SaasAzure => "Azure SaaS fulfilment 2",
    }
}

/// The cases of a protocol once the instance of the samples was made.
fn suite(protocol: Protocol) -> Suite {
    let mut suite = Suite::new(protocol, KEY);
    suite.instance_id = Some(INSTANCE.to_owned());
    suite
}

/// The first case in which a call of a name is made as it is documented.
fn case(protocol: Protocol, name: &str) -> Option<(Scenario, Prepared)> {
    let suite = suite(protocol);
    let plain = |s: &&Scenario| !s.is_fault() && !s.wrong_signature();
    let mut made = protocol.scenarios().iter().filter(plain).filter_map(|s| Some((*s, suite.prepare(*s, &MOMENT)?)));
    made.find(|(_, prepared)| prepared.activity == name)
}

/// What a server answers that has done it.
fn answer(protocol: Protocol, scenario: Scenario) -> String {
    let app = r#"{"frontEndUrl":"https://app.example.com/i-1","adminUrl":"https://app.example.com/i-1/admin"}"#;
    let more = match (protocol, scenario) {
        (Protocol::SaasV1, Scenario::Create) => format!(r#","instanceId":"{INSTANCE}","encryptType":"1","appInfo":{app}"#),
        (Protocol::LicenceV1, Scenario::Create) => format!(r#","instanceId":"{INSTANCE}","license":"the text of the licence""#),
        (_, Scenario::Create) => format!(r#","instanceId":"{INSTANCE}""#),
        (_, Scenario::Query) => format!(r#","info":[{{"instanceId":"{INSTANCE}","appInfo":{app}}}]"#),
        _ => String::new(),
    };
    format!(r#"{{"resultCode":"000000","resultMsg":"success"{more}}}"#)
}

fn table(text: &mut String, fields: &[Field]) {
    text.push_str("| Field | | Longest |\n|---|---|---|\n");
    for f in fields {
        let most = if f.max == usize::MAX { "–".to_owned() } else { f.max.to_string() };
        // Writing to a string does not fail.
        let _ = writeln!(text, "| `{}` | {} | {most} |", f.name, if f.mandatory { "mandatory" } else { "optional" });
    }
}

fn sample(text: &mut String, protocol: Protocol, scenario: Scenario, made: &Prepared) {
    let method = if made.body.is_some() { "POST" } else { "GET" };
    let below = made.path.as_ref().map_or_else(String::new, |path| format!("/{path}"));
    let query = if made.query.is_empty() { String::new() } else { format!("?{}", made.query) };
    let _ = writeln!(text, "\n```http\n{method} https://seller.example.com/hello{below}{query}");
    for (name, value) in &made.headers {
        let _ = writeln!(text, "{name}: {value}");
    }
    if let Some(body) = &made.body {
        let _ = writeln!(text, "Content-Type: application/json;charset=utf8\n\n{body}");
    }
    let answer = answer(protocol, scenario);
    let _ = writeln!(text, "```\n\n```http\nHTTP/1.1 200 OK\nContent-Type: application/json;charset=utf8");
    if protocol.signs_answers() {
        let _ = writeln!(text, "Body-Sign: {}", saas_v1::body_sign(KEY, answer.as_bytes()));
    }
    let _ = writeln!(text, "\n{answer}\n```");
}

fn steps(text: &mut String, made: &Prepared) {
    text.push_str("\nHow the first sample is signed:\n\n");
    for step in &made.steps {
        let _ = writeln!(text, "- `{}`: `{}`", step.name, step.value);
    }
}

/// One protocol: each of its calls with table, sample and answer.
#[must_use]
pub fn of(protocol: Protocol) -> String {
    let mut text = format!("## {} (`{}`)\n", title(protocol), protocol.name());
    for (i, (name, fields)) in tables(protocol).into_iter().enumerate() {
        let _ = writeln!(text, "\n### `{name}`\n");
        table(&mut text, &fields);
        let Some((scenario, made)) = case(protocol, name) else { continue };
        sample(&mut text, protocol, scenario, &made);
        if i == 0 {
            steps(&mut text, &made);
        }
    }
    text
}

/// All protocols in which the marketplace calls a seller's server.
#[must_use]
pub fn all() -> String {
    let intro = format!(
        "# What the marketplace calls on a seller's server\n\nMade from the code by `yunshi interfaces`; the samples are signed with the \
         access key `{KEY}`. Lengths count characters, of whole numbers digits.\n"
    );
    let called = Protocol::ALL.into_iter().filter(|p| !p.scenarios().is_empty());
    called.fold(intro, |text, protocol| format!("{text}\n{}", of(protocol)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::{Exchange, Verdict};

    #[test]
    fn every_call_has_a_table_and_a_sample_whose_answer_passes() {
        let mut samples = 0;
        for protocol in Protocol::ALL.into_iter().filter(|p| !p.scenarios().is_empty()) {
            for (name, _) in tables(protocol) {
                let (scenario, made) = case(protocol, name).unwrap_or_else(|| panic!("{} {name} has no sample", protocol.name()));
                let answer = answer(protocol, scenario);
                let exchange = Exchange {
                    status: Some(200),
                    body_sign: Some(saas_v1::body_sign(KEY, answer.as_bytes())),
                    body: Some(answer.clone().into_bytes()),
                    ..Exchange::default()
                };
                let mut suite = suite(protocol);
                assert_eq!(suite.judge(scenario, &exchange), Verdict::Pass, "{} {name}: {answer}", protocol.name());
                assert!(of(protocol).contains(made.body.as_deref().unwrap_or(&made.query)), "{name}");
                samples += 1;
            }
        }
        assert!(samples > 30, "{samples}");
    }
}

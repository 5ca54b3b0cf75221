//! What a template must be before it is loaded: reachable, ending, without a dead timer.

use super::{
    Evidence, FILES_MAX, Flow, Scene,
    template::{Anchor, END, Happening, Node, Template},
};
use crate::listing::AccessType;
use std::collections::{BTreeMap, BTreeSet};

/// Why a template is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadTemplate {
    #[error("{0} must have 1 to 40 small letters, digits, - or _")]
    Key(String),
    #[error("the template has no nodes")]
    Empty,
    #[error("the version counts from 1")]
    Version,
    #[error("two nodes are called {0}")]
    Repeated(String),
    #[error("{0} needs a name in Chinese and in English")]
    Nameless(String),
    #[error("node {node} leads to {to}, which there is not")]
    Nowhere { node: String, to: String },
    #[error("node {node} offers {verb} twice")]
    Twice { node: String, verb: String },
    #[error("node {node} leads to itself by {by}; only taking a code does, and what is noted")]
    Loop { node: String, by: String },
    #[error("in scene {scene} nothing leads to node {node}")]
    Unreachable { scene: Scene, node: String },
    #[error("in scene {scene} node {node} never ends")]
    Endless { scene: Scene, node: String },
    #[error("node {0} has no timer: somebody could wait for ever")]
    NoTimer(String),
    #[error("a timer of node {0} never falls due: give it a day at least, and an event that the node hears of")]
    DeadTimer(String),
    #[error("in scene {scene} the shares on the ways to {node} differ")]
    Ambiguous { scene: Scene, node: String },
    #[error("in scene {scene} the shares add up to {sum} per cent, not to 100")]
    Shares { scene: Scene, sum: u16 },
    #[error("node {node} asks for {min} files; at most {FILES_MAX} are sent with an action")]
    TooManyFiles { node: String, min: u8 },
    #[error("a rule for codes, and their activation, belong to licences by authorisation code alone")]
    CodeRule,
    #[error("only human services have the flow {0}")]
    Flow(Flow),
    #[error("reminders come after a day at least")]
    Reminder,
}

/// Checks a template in every scene.
///
/// # Errors
/// [`BadTemplate`], the first that is found.
pub fn check(template: &Template) -> Result<(), BadTemplate> {
    shape(template)?;
    for scene in Scene::ALL {
        graph(&template.in_scene(*scene), *scene)?;
    }
    Ok(())
}

fn is_key(text: &str) -> bool {
    (1..=40).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
}

fn shape(template: &Template) -> Result<(), BadTemplate> {
    if !is_key(&template.key) {
        return Err(BadTemplate::Key(template.key.clone()));
    }
    if template.version == 0 {
        return Err(BadTemplate::Version);
    }
    if template.nodes.is_empty() {
        return Err(BadTemplate::Empty);
    }
    if template.name.zh.is_empty() || template.name.en.is_empty() {
        return Err(BadTemplate::Nameless(template.key.clone()));
    }
    if template.reminder.after_days == 0 || template.reminder.every_days == 0 {
        return Err(BadTemplate::Reminder);
    }
    let activated = template.nodes.iter().flat_map(|n| &n.triggers).any(|t| t.event == Happening::Activation);
    let by_code = template.access_type == AccessType::LicenceCode;
    if template.code.is_some() != by_code || (activated && !by_code) {
        return Err(BadTemplate::CodeRule);
    }
    if template.flow != Flow::Standard && template.access_type != AccessType::HumanService {
        return Err(BadTemplate::Flow(template.flow));
    }
    for (i, node) in template.nodes.iter().enumerate() {
        if !is_key(&node.key) || node.key == END {
            return Err(BadTemplate::Key(node.key.clone()));
        }
        if template.nodes[..i].iter().any(|n| n.key == node.key) {
            return Err(BadTemplate::Repeated(node.key.clone()));
        }
    }
    template.nodes.iter().try_for_each(|node| node_shape(template, node))
}

fn node_shape(template: &Template, node: &Node) -> Result<(), BadTemplate> {
    if node.name.zh.is_empty() || node.name.en.is_empty() {
        return Err(BadTemplate::Nameless(node.key.clone()));
    }
    for (i, action) in node.actions.iter().enumerate() {
        if node.actions[..i].iter().any(|a| a.verb == action.verb) {
            return Err(BadTemplate::Twice { node: node.key.clone(), verb: action.verb.to_string() });
        }
        if action.to == node.key && action.verb != super::Verb::Claim {
            return Err(BadTemplate::Loop { node: node.key.clone(), by: action.verb.to_string() });
        }
        let asked = |e: &Evidence| u16::from(e.min);
        let files: u16 = action.evidence.iter().map(asked).sum();
        if usize::from(files) > FILES_MAX {
            return Err(BadTemplate::TooManyFiles { node: node.key.clone(), min: u8::try_from(files).unwrap_or(u8::MAX) });
        }
    }
    for to in targets(node) {
        if to != END && template.node(to).is_none() {
            return Err(BadTemplate::Nowhere { node: node.key.clone(), to: to.to_owned() });
        }
    }
    if let Some(trigger) = node.triggers.iter().find(|t| t.to == node.key && t.event != Happening::CarrierDelivered) {
        return Err(BadTemplate::Loop { node: node.key.clone(), by: trigger.event.to_string() });
    }
    timers(node)
}

fn timers(node: &Node) -> Result<(), BadTemplate> {
    if !node.timers.iter().any(|t| t.from == Anchor::Entered && (t.to.is_some() || t.every_days.is_some())) {
        return Err(BadTemplate::NoTimer(node.key.clone()));
    }
    let hears = |event: Happening| node.triggers.iter().any(|t| t.event == event && t.to == node.key);
    let dead = |t: &super::template::Timer| {
        t.days == 0
            || t.every_days == Some(0)
            || (t.to.is_some() && t.every_days.is_some())
            || t.to.as_ref().is_some_and(|to| *to == node.key)
            || (t.from == Anchor::CarrierDelivered && !hears(Happening::CarrierDelivered))
    };
    if node.timers.iter().any(dead) { Err(BadTemplate::DeadTimer(node.key.clone())) } else { Ok(()) }
}

fn targets(node: &Node) -> impl Iterator<Item = &str> {
    let actions = node.actions.iter().map(|a| a.to.as_str());
    let triggers = node.triggers.iter().map(|t| t.to.as_str());
    actions.chain(triggers).chain(node.timers.iter().filter_map(|t| t.to.as_deref()))
}

/// Reachable from the start, leading to the end, and with shares that are the same on every way.
fn graph(flow: &Template, scene: Scene) -> Result<(), BadTemplate> {
    let start = flow.nodes.first().ok_or(BadTemplate::Empty)?;
    let mut reached = BTreeSet::from([start.key.as_str()]);
    let mut open = vec![start];
    while let Some(node) = open.pop() {
        for to in targets(node) {
            if reached.insert(to) {
                open.extend(flow.node(to));
            }
        }
    }
    if let Some(node) = flow.nodes.iter().find(|n| !reached.contains(n.key.as_str())) {
        return Err(BadTemplate::Unreachable { scene, node: node.key.clone() });
    }
    let mut ending = BTreeSet::from([END]);
    while let Some(node) = flow.nodes.iter().find(|n| !ending.contains(n.key.as_str()) && targets(n).any(|to| ending.contains(to))) {
        ending.insert(&node.key);
    }
    if let Some(node) = flow.nodes.iter().find(|n| !ending.contains(n.key.as_str())) {
        return Err(BadTemplate::Endless { scene, node: node.key.clone() });
    }
    if flow.has_shares() { shares(flow, start, scene) } else { Ok(()) }
}

fn shares(flow: &Template, start: &Node, scene: Scene) -> Result<(), BadTemplate> {
    let mut sums: BTreeMap<&str, u16> = BTreeMap::from([(start.key.as_str(), 0)]);
    let mut open = vec![start];
    while let Some(node) = open.pop() {
        let so_far = sums.get(node.key.as_str()).copied().unwrap_or(0);
        let ways = node.actions.iter().map(|a| (a.to.as_str(), a.share.unwrap_or(0)));
        let ways = ways.chain(node.triggers.iter().map(|t| (t.to.as_str(), 0)));
        for (to, share) in ways.chain(node.timers.iter().filter_map(|t| t.to.as_deref().map(|to| (to, 0)))) {
            let sum = so_far.saturating_add(u16::from(share));
            match sums.insert(to, sum) {
                Some(other) if other != sum => return Err(BadTemplate::Ambiguous { scene, node: to.to_owned() }),
                Some(_) => {}
                None => open.extend(flow.node(to)),
            }
        }
    }
    match sums.get(END) {
        Some(100) => Ok(()),
        sum => Err(BadTemplate::Shares { scene, sum: sum.copied().unwrap_or(0) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::supervision::{BUILT_IN, built_in};

    /// A built-in template with one thing changed.
    fn changed(key: &str, change: impl FnOnce(&mut serde_json::Value)) -> Result<(), BadTemplate> {
        let template = built_in().find(|t| t.key == key).unwrap();
        let mut json = serde_json::to_value(template).unwrap();
        change(&mut json);
        check(&serde_json::from_value(json).unwrap())
    }

    #[test]
    fn every_built_in_template_may_be_loaded() {
        assert_eq!(built_in().count(), BUILT_IN.len(), "each is read");
        for template in built_in() {
            assert_eq!(check(&template), Ok(()), "{} {}", template.key, template.version);
        }
    }

    #[test]
    fn what_would_never_end_is_never_reached_or_waits_for_ever_is_refused() {
        use serde_json::json;
        let refused = |change: fn(&mut serde_json::Value)| changed("human-service", change).unwrap_err();
        assert!(matches!(refused(|t| t["nodes"][0]["actions"][0]["to"] = json!("x")), BadTemplate::Nowhere { .. }));
        assert!(matches!(refused(|t| t["nodes"][0]["actions"][0]["to"] = json!("end")), BadTemplate::Unreachable { .. }));
        assert!(matches!(
            refused(|t| t["nodes"].as_array_mut().unwrap().last_mut().unwrap()["actions"][0]["to"] = json!("submit")),
            BadTemplate::Endless { .. }
        ));
        assert!(matches!(refused(|t| t["nodes"][0]["timers"] = json!([])), BadTemplate::NoTimer(_)));
        assert!(matches!(refused(|t| t["nodes"][0]["timers"][0]["days"] = json!(0)), BadTemplate::DeadTimer(_)));
        let carrier = json!({ "from": "carrier_delivered", "days": 10, "to": "end" });
        let unheard = changed("human-service", |t| t["nodes"][0]["timers"].as_array_mut().unwrap().push(carrier));
        assert!(matches!(unheard, Err(BadTemplate::DeadTimer(_))));
        assert!(matches!(refused(|t| t["nodes"][1]["key"] = json!("submit")), BadTemplate::Repeated(_)));
        assert!(matches!(refused(|t| t["nodes"][0]["key"] = json!("end")), BadTemplate::Key(_)));
        assert!(matches!(refused(|t| t["nodes"][0]["name"]["en"] = json!("")), BadTemplate::Nameless(_)));
        assert!(matches!(refused(|t| t["code"] = json!({ "claim_before_activation": true })), BadTemplate::CodeRule));
        assert!(matches!(refused(|t| t["reminder"]["every_days"] = json!(0)), BadTemplate::Reminder));
        assert!(matches!(refused(|t| t["version"] = json!(0)), BadTemplate::Version));
        let many = |t: &mut serde_json::Value| t["nodes"][0]["actions"][0]["evidence"] = json!([{ "kind": "other", "min": 100 }]);
        assert!(matches!(changed("human-service", many), Err(BadTemplate::TooManyFiles { .. })));
    }

    #[test]
    fn shares_add_up_to_a_hundred_on_every_way() {
        use serde_json::json;
        let more = changed("human-service-milestones", |t| t["nodes"][3]["actions"][0]["share"] = json!(31));
        assert!(matches!(more, Err(BadTemplate::Shares { sum: 101, .. })), "{more:?}");
        let back = changed("human-service-milestones", |t| t["nodes"][5]["actions"][1]["to"] = json!("deliver_1"));
        assert!(matches!(back, Err(BadTemplate::Ambiguous { .. })), "{back:?}");
    }
}

//! Templates: the graph of a flow as data (`seller-domain 12`).

use super::{EvidenceKind, FieldName, Flow, Party, Scene, Verb};
use crate::listing::{AccessType, Bilingual};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// Where a flow is over.
pub const END: &str = "end";

/// A flow of a kind of product, for orders from a day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    pub key: String,
    pub version: u32,
    pub name: Bilingual,
    pub access_type: AccessType,
    pub flow: Flow,
    /// The first day, at the order's site, of orders that it is for.
    pub valid_from: Date,
    /// Where the flow is documented, or that it is ours.
    pub source: String,
    /// When the buyer may see an authorisation code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<CodeRule>,
    /// What is said of a case that stays open (`seller-domain 5.4`).
    pub reminder: Reminder,
    /// The first is where a case begins.
    pub nodes: Vec<Node>,
}

/// How an authorisation code is handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeRule {
    /// The buyer takes it before the software may activate it (`license-interface 2.3`, 92020004).
    pub claim_before_activation: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reminder {
    pub after_days: u16,
    pub every_days: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    pub key: String,
    pub name: Bilingual,
    /// Who is waited for.
    pub actor: Party,
    /// The scenes in which there is such a node; all when empty. Elsewhere it is passed over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scenes: Vec<Scene>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<Action>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub triggers: Vec<Trigger>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timers: Vec<Timer>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    pub verb: Verb,
    /// A node, or the end.
    pub to: String,
    /// When another than the node's actor does it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Party>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// Per cent of the price that it releases; all that is left when no action has a share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    pub name: FieldName,
    #[serde(default)]
    pub required: bool,
    /// The scenes that ask for it; all when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scenes: Vec<Scene>,
}

/// Files of a kind, at least so many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    pub kind: EvidenceKind,
    pub min: u8,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scenes: Vec<Scene>,
}

crate::words! {
    /// What happens outside and moves a case.
    pub enum Happening ("happening") {
        /// The software activated the authorisation code.
        Activation = "activation",
        /// The carrier reports that the goods were delivered.
        CarrierDelivered = "carrier_delivered",
    }
}

/// What a happening does at a node; one that leads to its own node is only noted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    pub event: Happening,
    pub to: String,
}

crate::words! {
    /// What a timer counts from.
    pub enum Anchor ("anchor") { Entered = "entered", CarrierDelivered = "carrier_delivered" }
}

/// Days after which something happens at a node by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timer {
    pub from: Anchor,
    pub days: u16,
    /// Where the case goes then; without it, the node's actor is reminded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// How often the reminder is repeated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every_days: Option<u16>,
}

fn counts(scenes: &[Scene], scene: Scene) -> bool {
    scenes.is_empty() || scenes.contains(&scene)
}

impl Field {
    #[must_use]
    pub fn asked(&self, scene: Scene) -> bool {
        counts(&self.scenes, scene)
    }
}

impl Evidence {
    #[must_use]
    pub fn asked(&self, scene: Scene) -> bool {
        counts(&self.scenes, scene)
    }
}

impl Template {
    #[must_use]
    pub fn node(&self, key: &str) -> Option<&Node> {
        self.nodes.iter().find(|n| n.key == key)
    }

    /// The flow as it is in a scene: nodes of others are passed over, to where their first action leads.
    #[must_use]
    pub fn in_scene(&self, scene: Scene) -> Self {
        let mut resolved = self.clone();
        resolved.nodes.retain(|n| counts(&n.scenes, scene));
        for node in &mut resolved.nodes {
            for action in &mut node.actions {
                action.to = self.target(scene, &action.to);
                action.fields.retain(|f| f.asked(scene));
                action.evidence.retain(|e| e.asked(scene));
            }
            node.triggers.iter_mut().for_each(|t| t.to = self.target(scene, &t.to));
            for to in node.timers.iter_mut().filter_map(|t| t.to.as_mut()) {
                *to = self.target(scene, to);
            }
        }
        resolved
    }

    /// Where one comes who is sent to a node, in a scene.
    fn target(&self, scene: Scene, key: &str) -> String {
        let mut at = key;
        // Bounded by the number of nodes: a ring of nodes that are passed over leads to the end.
        for _ in &self.nodes {
            match self.node(at) {
                Some(node) if !counts(&node.scenes, scene) => at = node.actions.first().map_or(END, |a| a.to.as_str()),
                _ => return at.to_owned(),
            }
        }
        END.to_owned()
    }

    /// The per cent of the price that are released by the time a node is reached, when actions have shares.
    #[must_use]
    pub fn has_shares(&self) -> bool {
        self.nodes.iter().flat_map(|n| &n.actions).any(|a| a.share.is_some())
    }
}

impl Node {
    /// What a party may do here.
    #[must_use]
    pub fn action(&self, verb: Verb) -> Option<&Action> {
        self.actions.iter().find(|a| a.verb == verb)
    }
}

impl Action {
    /// Who does it at a node.
    #[must_use]
    pub fn by(&self, node: &Node) -> Party {
        self.actor.unwrap_or(node.actor)
    }
}

/// The flow in a scene as a Mermaid diagram, for documents.
#[must_use]
pub fn mermaid(template: &Template, scene: Scene) -> String {
    let flow = template.in_scene(scene);
    let mut text = "flowchart LR\n".to_owned();
    let mut put = |line: String| {
        let _ = writeln!(text, "  {line}");
    };
    for node in &flow.nodes {
        put(format!("{}[\"{}<br>{} · {}\"]", node.key, node.name.zh, node.name.en, node.actor));
        for action in &node.actions {
            let share = action.share.map_or_else(String::new, |s| format!(" {s}%"));
            put(format!("{} -->|{}{share}| {}", node.key, action.verb, action.to));
        }
        for trigger in &node.triggers {
            put(format!("{} -.->|{}| {}", node.key, trigger.event, trigger.to));
        }
        for timer in &node.timers {
            if let Some(to) = &timer.to {
                put(format!("{} -.->|{} + {} d| {to}", node.key, timer.from, timer.days));
            }
        }
    }
    put(format!("{END}([\"服务完成<br>Completed\"])"));
    text
}

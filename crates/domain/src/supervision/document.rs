//! The flows as a document, made from the templates.

use super::{Scene, Template, built_in, mermaid};
use std::fmt::Write;

/// Every built-in template with its diagrams, as Markdown.
#[must_use]
pub fn document() -> String {
    let mut text = "# Flows of service supervision\n\n\
        Made from the built-in templates by `yunshi flows`. Solid lines are actions, broken ones happen by themselves. Nodes of platform \
        review are there only for joint products bought by customers of the empowerment or base cloud.\n"
        .to_owned();
    for template in built_in() {
        section(&mut text, &template);
    }
    text
}

fn section(text: &mut String, t: &Template) {
    // Writing to a string does not fail.
    let _ = write!(text, "\n## {} {}: {} · {}\n\n", t.key, t.version, t.name.en, t.name.zh);
    let _ = writeln!(text, "For `{}` ordered from {} on. Source: {}.", t.access_type, t.valid_from, t.source);
    let _ = write!(text, "\n```mermaid\n{}```\n", mermaid(t, Scene::General));
    if t.in_scene(Scene::EmpowermentCloud) != t.in_scene(Scene::General) {
        let _ = write!(text, "\nUnder platform review:\n\n```mermaid\n{}```\n", mermaid(t, Scene::EmpowermentCloud));
    }
    let asked = t.nodes.iter().flat_map(|n| n.actions.iter().map(move |a| (n, a))).filter(|(_, a)| !a.evidence.is_empty());
    for (node, action) in asked {
        let kinds: Vec<String> = action
            .evidence
            .iter()
            .map(|e| {
                let scenes: Vec<&str> = e.scenes.iter().map(|s| s.as_str()).collect();
                let only = if scenes.is_empty() { String::new() } else { format!(" ({})", scenes.join(", ")) };
                format!("{} ≥ {}{only}", e.kind, e.min)
            })
            .collect();
        let _ = write!(text, "\n- `{}` {}: {}", node.key, action.verb, kinds.join("; "));
    }
    text.push('\n');
}

//! What comes with an action: fields, evidence, the opening time.

use super::{EvidenceKind, FieldName, Refused, Scene, template::Action};
use jiff::Timestamp;

/// What came with an action.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form {
    pub fields: Vec<FieldName>,
    pub files: Vec<EvidenceKind>,
    pub opening_at: Option<Timestamp>,
}

impl Form {
    /// Everything that an action asks for is there, and nothing else.
    pub(super) fn filled(&self, action: &Action, scene: Scene) -> Result<(), Refused> {
        if let Some(field) = action.fields.iter().find(|f| f.required && !self.fields.contains(&f.name)) {
            return Err(Refused::FieldMissing(field.name));
        }
        if let Some(name) = self.fields.iter().find(|name| !action.fields.iter().any(|f| f.name == **name)) {
            return Err(Refused::FieldNotAsked(*name));
        }
        if self.files.len() > super::FILES_MAX {
            return Err(Refused::TooManyFiles);
        }
        if let Some(kind) = self.files.iter().find(|kind| !action.evidence.iter().any(|e| e.kind == **kind)) {
            return Err(Refused::EvidenceNotAsked(*kind));
        }
        for evidence in &action.evidence {
            let found = self.files.iter().filter(|kind| **kind == evidence.kind).count();
            if found < usize::from(evidence.min) {
                return Err(Refused::EvidenceMissing { kind: evidence.kind, min: evidence.min, found });
            }
        }
        let screenshots = self.files.iter().filter(|kind| kind.is_screenshot()).count();
        let wanted = scene.reviewed() && action.evidence.iter().any(|e| e.kind.is_screenshot());
        if wanted && screenshots < 3 { Err(Refused::TooFewScreenshots(screenshots)) } else { Ok(()) }
    }
}

impl EvidenceKind {
    /// Counted for the three that platform review wants (`seller-domain 5.5`).
    #[must_use]
    pub fn is_screenshot(self) -> bool {
        matches!(self, Self::ValidityScreenshot | Self::DeploymentScreenshot | Self::KitScreenshot | Self::ResourceOrder)
    }
}

//! Binding a bought application to a company (`saas-interface 4`): what is told in which order.

crate::words! {
    /// What is told next, or that everything was.
    pub enum BindingState ("binding state") {
        /// The tenant itself (`tenantSync`).
        Tenant = "tenant",
        /// All its departments (`allOrgSync`).
        Departments = "departments",
        /// The credential for sign-on (`applicationSync`).
        Credential = "credential",
        /// People may be granted the application.
        Bound = "bound",
        /// That the tenant is gone.
        Removing = "removing",
        Removed = "removed",
    }
}

crate::words! {
    /// What a colleague is in an application that he may use.
    pub enum GrantRole ("grant role") { User = "user", Admin = "admin" }
}

impl BindingState {
    /// The state after the seller was told what this one tells.
    #[must_use]
    pub fn told(self) -> Option<Self> {
        match self {
            Self::Tenant => Some(Self::Departments),
            Self::Departments => Some(Self::Credential),
            Self::Credential => Some(Self::Bound),
            Self::Removing => Some(Self::Removed),
            Self::Bound | Self::Removed => None,
        }
    }

    /// Whether the seller has heard, or may have heard, of the tenant.
    #[must_use]
    pub fn is_known(self) -> bool {
        matches!(self, Self::Tenant | Self::Departments | Self::Credential | Self::Bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenant_then_departments_then_credential() {
        let mut order = vec![BindingState::Tenant];
        while let Some(next) = order.last().and_then(|s| s.told()) {
            order.push(next);
        }
        assert_eq!(order, [BindingState::Tenant, BindingState::Departments, BindingState::Credential, BindingState::Bound]);
        assert_eq!(BindingState::Removing.told(), Some(BindingState::Removed));
        assert!(!BindingState::Removing.is_known() && BindingState::Bound.is_known());
    }
}

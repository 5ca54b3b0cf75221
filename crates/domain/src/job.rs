//! Jobs: what falls due, and where one stands.

crate::words! {
    /// What there is to do.
    pub enum JobKind ("job kind") {
        /// Send a production call. Subject: call.
        Call = "call",
        /// Cancel an order that was not paid. Subject: order.
        UnpaidOrder = "order.unpaid",
        /// Remind the buyer that a term ends. Subject: instance.
        Reminder = "instance.reminder",
        /// Try to renew in the buyer's name. Subject: instance.
        AutoRenewal = "instance.auto_renewal",
        /// The last term ends. Subject: instance.
        Expiry = "instance.expiry",
        /// The retention after expiry ends. Subject: instance.
        Release = "instance.release",
        /// Judge the records of a push. Subject: batch.
        UsageBatch = "usage.batch",
        /// Charge what an instance used; named for the instance.
        UsageRating = "usage.rating",
        /// Nobody agreed to a held charge in time. Subject: hold.
        UsageHold = "usage.hold",
        /// The month ends in which a cap stopped an instance. Subject: instance.
        UsageCap = "usage.cap",
        /// What was used is unpaid for so long that the instance is frozen. Subject: instance.
        Arrears = "instance.arrears",
        /// What an instance owed was paid. Subject: instance.
        PaidUp = "instance.paid_up",
        /// A package that stops was drawn from, or something was given back to it. Subject: instance.
        PackageUsed = "package.used",
        /// A renewal's call is still failed a day later. Subject: call.
        RenewalStuck = "call.renewal_stuck",
        NoLicence = "call.no_licence",
        /// Something falls due in a case of service supervision. Subject: case.
        Supervision = "supervision",
        /// Tell sellers how many orders are under supervision; named for the site.
        OpenCases = "supervision.open_cases",
        /// Send a message by mail. Subject: delivery.
        Mail = "message.mail",
        /// Send a message by SMS. Subject: delivery.
        Sms = "message.sms",
        /// Send a message to an endpoint. Subject: delivery.
        Webhook = "message.webhook",
        /// Plan the probes of a site; named for it.
        ProbeRound = "probe.round",
        /// Replay the saved cases of a product. Subject: product.
        Probe = "probe",
        /// Make the monthly bills of a site.
        Bills = "bills",
        /// Write an export. Subject: export.
        Export = "export",
    }
}

crate::words! {
    /// How far an export is.
    pub enum ExportState ("state of an export") { Waiting = "waiting", Running = "running", Done = "done", Failed = "failed" }
}

crate::words! {
    /// States of a job. One that is done is gone.
    pub enum JobState ("job state") {
        Due = "due",
        /// Set aside for a person.
        Failed = "failed",
    }
}

//! All that is sealed with the secret key, so that nothing is forgotten when the key is changed.

use store::sealed::Column;

domain::words! {
    /// What a value was sealed for; the name is bound to it.
    pub enum Sealed ("sealed value") {
        AccessKey = "access_keys.secret",
        InterfaceKey = "interface_keys.secret",
        ApplicationSecret = "applications.client_secret",
        SigningKey = "signing_keys.private_key",
        LicenceKey = "licence_keys.private_key",
        InstancePassword = "instances.password",
        InstanceLicence = "instances.licence",
        LicenceContent = "licence_applications.content",
        Personal = "order_lines.sold.personal",
        Address = "supervision_cases.address",
        WebhookSecret = "webhook_endpoints.secret",
        Mailbox = "message_recipients.mailbox",
        Phone = "message_recipients.phone",
        Mobile = "positions.mobile",
        Email = "positions.email",
        Answer = "idempotency_keys.answer",
        OpenApiText = "open_api_calls.text",
        Setting = "settings.value",
        /// Tickets and links, which are stored nowhere and good for a time.
        AssetTicket = "asset_files.address",
        Registration = "registration",
        Unsubscribe = "message.unsubscribe",
        Confirmation = "message.confirm",
        AzureToken = "azure.token",
    }
}

domain::words! {
    /// The settings whose values are sealed.
    pub enum SealedSetting ("sealed setting") {
        Sandbox = "sandbox",
        SandboxInterfaceKey = "sandbox_interface_key",
    }
}

/// Where values of a kind are stored.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Places {
    pub columns: &'static [Column],
    /// In hexadecimal under this name in the documents of order lines.
    pub of_lines: Option<&'static str>,
    /// In hexadecimal as the values of [`SealedSetting`].
    pub settings: bool,
}

const fn column(table: &'static str, column: &'static str) -> Column {
    Column { table, column, key: ("id", None) }
}

const fn of_user(table: &'static str, column: &'static str, name: Option<&'static str>) -> Column {
    Column { table, column, key: ("user_id", name) }
}

impl Sealed {
    /// A new kind does not compile before it says where it is stored.
    pub(super) fn places(self) -> Places {
        let columns: &'static [Column] = match self {
            Self::AccessKey => const { &[column("access_keys", "secret")] },
            Self::InterfaceKey => const { &[column("interface_keys", "secret")] },
            Self::ApplicationSecret => const { &[column("applications", "client_secret")] },
            Self::SigningKey => const { &[column("signing_keys", "private_key")] },
            Self::LicenceKey => const { &[column("licence_keys", "private_key")] },
            Self::InstancePassword => const { &[column("instances", "password")] },
            Self::InstanceLicence => const { &[column("instances", "licence")] },
            Self::LicenceContent => const { &[column("licence_applications", "content")] },
            Self::WebhookSecret => const { &[column("webhook_endpoints", "secret"), column("webhook_endpoints", "old_secret")] },
            Self::Mailbox => const { &[column("message_recipients", "mailbox")] },
            Self::Phone => const { &[column("message_recipients", "phone")] },
            Self::Mobile => const { &[of_user("positions", "mobile", None)] },
            Self::Email => const { &[of_user("positions", "email", None)] },
            Self::Answer => const { &[of_user("idempotency_keys", "answer", Some("key"))] },
            Self::OpenApiText => const { &[column("open_api_calls", "request"), column("open_api_calls", "answer")] },
            Self::Personal => return Places { of_lines: Some("personal"), ..Places::default() },
            Self::Address => {
                let columns = const { &[column("supervision_cases", "address")] };
                return Places { columns, of_lines: Some("shipping"), settings: false };
            }
            Self::Setting => return Places { settings: true, ..Places::default() },
            Self::AssetTicket | Self::Registration | Self::Unsubscribe | Self::Confirmation | Self::AzureToken => &[],
        };
        Places { columns, ..Places::default() }
    }
}

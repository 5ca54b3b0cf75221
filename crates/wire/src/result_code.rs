//! Result codes that a seller returns (`saas-interface 1.1`).

/// What a `resultCode` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResultCode {
    Success,
    AuthenticationFailed,
    InvalidParameter,
    NoSuchInstance,
    Processing,
    InternalError,
    NoResource,
    /// On-line opening of licences (`license-interface 4.4`): the quota of the order in force is used up.
    QuotaUsedUp,
    OutsideValidity,
    ExpiryNeeded,
    FingerprintNeeded,
    /// A code the reference does not know; treated as a failure.
    Other(String),
}

impl ResultCode {
    #[must_use]
    pub fn parse(code: &str) -> Self {
        match code {
            "000000" => Self::Success,
            "000001" => Self::AuthenticationFailed,
            "000002" => Self::InvalidParameter,
            "000003" => Self::NoSuchInstance,
            "000004" => Self::Processing,
            "000005" => Self::InternalError,
            "000100" => Self::NoResource,
            "000900" => Self::QuotaUsedUp,
            "000901" => Self::OutsideValidity,
            "000902" => Self::ExpiryNeeded,
            "000903" => Self::FingerprintNeeded,
            other => Self::Other(other.to_owned()),
        }
    }

    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Success => "000000",
            Self::AuthenticationFailed => "000001",
            Self::InvalidParameter => "000002",
            Self::NoSuchInstance => "000003",
            Self::Processing => "000004",
            Self::InternalError => "000005",
            Self::NoResource => "000100",
            Self::QuotaUsedUp => "000900",
            Self::OutsideValidity => "000901",
            Self::ExpiryNeeded => "000902",
            Self::FingerprintNeeded => "000903",
            Self::Other(code) => code,
        }
    }

    /// The stable name of a failure with this code.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::AuthenticationFailed => "authentication_failed",
            Self::InvalidParameter => "invalid_parameter",
            Self::NoSuchInstance => "no_such_instance",
            Self::Processing => "processing",
            Self::InternalError => "internal_error",
            Self::NoResource => "no_resource",
            Self::QuotaUsedUp => "quota_used_up",
            Self::OutsideValidity => "outside_validity",
            Self::ExpiryNeeded => "expiry_needed",
            Self::FingerprintNeeded => "fingerprint_needed",
            Self::Other(_) => "unknown_code",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_codes_read_back_and_others_are_kept() {
        for code in ["000000", "000001", "000002", "000003", "000004", "000005", "000100", "000900", "000901", "000902", "000903", "999999"]
        {
            assert_eq!(ResultCode::parse(code).code(), code);
        }
        assert_eq!(ResultCode::parse("999999").kind(), "unknown_code");
    }
}

//! Assets on the command line.

use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub enum Asset {
    /// The caller's assets, by name.
    List,
    /// Make an asset; its versions are added to it.
    #[command(after_help = "Example: yunshi asset add agent --kind software_package")]
    Add {
        name: String,
        /// software_package or image; never changes.
        #[arg(long, value_parser = ["software_package", "image"])]
        kind: String,
    },
    /// An asset with its versions and what is deployed from it.
    Show { id: String },
    /// Remove an asset from which nothing is deployed.
    Remove { id: String },
    /// Send an installer as a version: a .zip, .tar or .tar.gz of at most 1 GB.
    #[command(after_help = "Example: yunshi asset upload ast_… --version 1.2.0 agent.tar.gz")]
    Upload {
        id: String,
        #[arg(long = "version")]
        number: String,
        file: PathBuf,
    },
    /// Say where a version of an image lies in a region.
    #[command(
        after_help = "Example: yunshi asset image ast_… --version 1.2.0 --region cn-north-4 --image 8f1c… --name agent-1.2.0 --os Linux \
            --architecture x86"
    )]
    Image {
        id: String,
        #[command(flatten)]
        image: Lies,
    },
    /// Deploy a specification of a listed product from the asset.
    #[command(after_help = "Example: yunshi asset link ast_… --product prd_… --spec standard")]
    Link {
        id: String,
        #[command(flatten)]
        of: Specification,
    },
    /// Take a link away.
    Unlink {
        id: String,
        #[command(flatten)]
        of: Specification,
    },
}

/// Where a version of an image lies.
#[derive(Debug, Args)]
pub struct Lies {
    #[arg(long = "version")]
    pub number: String,
    #[arg(long)]
    pub region: String,
    /// Id of the image in the region.
    #[arg(long)]
    pub image: String,
    #[arg(long)]
    pub name: String,
    #[arg(long, default_value = "Linux")]
    pub os: String,
    /// x86 or arm.
    #[arg(long, default_value = "x86")]
    pub architecture: String,
}

/// A specification.
#[derive(Debug, Args)]
pub struct Specification {
    /// Id of a product.
    #[arg(long)]
    pub product: String,
    #[arg(long)]
    pub spec: String,
}

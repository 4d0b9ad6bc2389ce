#include "reconcilers/manifests/release_record.hpp"

#include "crds/api.hpp"
#include "crds/codec.hpp"
#include "reconcilers/manifests/metadata.hpp"

#include <nlohmann/json.hpp>

namespace djdb {

nlohmann::json render_release_record(
    const Desired& desired, const std::string& name, const DjangoReleaseSpec& spec
) {
    return {
        {"apiVersion", std::string(api::kGroupVersion)},
        {"kind", "DjangoRelease"},
        {"metadata", render_metadata(desired, name)},
        {"spec", encode_spec(spec)}};
}

}  // namespace djdb

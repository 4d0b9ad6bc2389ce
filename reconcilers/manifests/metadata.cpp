#include "reconcilers/manifests/metadata.hpp"

#include "crds/api.hpp"

#include <nlohmann/json.hpp>

namespace djdb {

using nlohmann::json;

json render_metadata(const Desired& desired, const std::string& name) {
    const auto& meta = desired.object.meta;
    return {
        {"name", name},
        {"namespace", meta.key.ns.str()},
        {"labels",
         {{std::string(api::kManagedByLabel), std::string(api::kOperator)},
          {std::string(api::kOwnedByLabel), meta.key.name.str()}}},
        {"ownerReferences",
         {{{"apiVersion", std::string(api::kGroupVersion)},
           {"kind", "DjangoDatabase"},
           {"name", meta.key.name.str()},
           {"uid", meta.uid.str()},
           {"controller", true}}}}};
}

json render_job_metadata(
    const Desired& desired, const std::string& name, JobKind kind, const AppJob& job
) {
    auto metadata = render_metadata(desired, name);
    metadata["labels"][std::string(api::kJobKindLabel)] = std::string(to_string(kind));
    metadata["labels"][std::string(api::kRevisionLabel)] = job.revision.str();
    metadata["annotations"] = {
        {std::string(api::kImageAnnotation), job.image.str()},
        {std::string(api::kAttemptAnnotation), std::to_string(job.attempt)},
        {std::string(api::kProvesAnnotation), job.proves}};
    return metadata;
}

}  // namespace djdb

#include "tests/model/ports/model_release_records.hpp"

#include "crds/codec.hpp"
#include "tests/model/ports/manifest_fields.hpp"
#include "tests/model/ports/translate.hpp"

#include <nlohmann/json.hpp>

namespace djdb::model {
namespace {

DjangoRelease facts_of(const Record& record) {
    return {record.meta, record.spec, record.status, ""};
}

}  // namespace

template <class Apply>
void ModelReleaseRecords::effect(const Effect& what, Apply&& apply) {
    translated(FailureOrigin::Kubernetes, [&] {
        world_.faults.effect(caller_, what, std::forward<Apply>(apply));
    });
}

std::optional<std::vector<DjangoRelease>> ModelReleaseRecords::list(const ObjectKey& database) {
    std::vector<DjangoRelease> records;
    for (const auto& [key, record] : views_.records.all()) {
        if (key.ns == database.ns && record->database == database.name.str()) {
            records.push_back(facts_of(*record));
        }
    }
    return records;
}

DjangoRelease ModelReleaseRecords::create(const json& manifest, const CallContext&) {
    const auto release = decode_django_release(manifest);
    Record record{
        release.meta, owner_in(manifest), release.spec.database_ref.name, release.spec, {}};
    effect({"record release", release.meta.key.name.str()}, [&] {
        const auto current = world_.api.records.find(release.meta.key);
        if (!current) {
            world_.api.create(record);
        } else if (current->controller != record.controller) {
            throw Refusal(RefusalKind::Terminal, "NameTaken", "somebody else has made it");
        }
    });
    return facts_of(*world_.api.records.find(release.meta.key));
}

DjangoRelease ModelReleaseRecords::
    patch_status(const DjangoRelease& record, const DjangoReleaseStatus& status, const CallContext&) {
    effect("write a release's status", [&] {
        // As the API server keeps it.
        world_.api.patch_status(
            record.meta,
            decode_django_release(
                {{"metadata", {{"name", "any"}}}, {"status", encode_status(status)}}
            ).status
        );
    });
    return facts_of(*world_.api.records.find(record.meta.key));
}

void ModelReleaseRecords::remove(const DjangoRelease& record, const CallContext&) {
    effect("remove a release", [&] { world_.api.remove_record(record.meta.key, record.meta.uid); });
}

/// As its program does, which says all that the termination message holds once more.
std::string
ModelReleaseRecords::read_log(const ObjectKey& job, const std::string&, const CallContext&) {
    translated(FailureOrigin::Kubernetes, [&] { world_.faults.read(caller_, "read a Job's log"); });
    const auto pod = world_.api.pods.find(job);
    if (!pod) {
        throw Error(Failure{
            FailureClass::Terminal, FailureOrigin::Kubernetes, "404 NotFound", "no such Pod", {}});
    }
    const auto ran = world_.api.jobs.find(job);
    const auto kind = ran ? ran->kind : JobKind::Migrate;
    return "it ran\ndjangodb-" + std::string(to_string(kind)) + " " + pod->answer + "\n";
}

}  // namespace djdb::model

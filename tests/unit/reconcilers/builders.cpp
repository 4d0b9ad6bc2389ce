#include "tests/unit/reconcilers/builders.hpp"

#include "reconcilers/stages/release/probes.hpp"
#include "reconcilers/stages/release/proof.hpp"

#include <nlohmann/json.hpp>

namespace djdb {

Desired a_desired() {
    DjangoDatabase object;
    object.meta.key = {Namespace("apps"), ObjectName("shop")};
    object.meta.uid = ResourceUid("uid-1");
    object.meta.generation = 2;
    object.meta.finalizers = {"djangodb.io/database"};
    object.spec.server_ref.name = "main";
    object.spec.database.name = "shop";
    return derive_desired(object, "cluster");
}

Workload a_workload(const std::string& name, const std::string& image) {
    Workload workload;
    workload.meta.key = {Namespace("apps"), ObjectName(name)};
    workload.meta.resource_version = "5";
    workload.pod_template = PodTemplate(nlohmann::json{
        {"spec", {{"containers", {{{"name", "app"}, {"image", image}}}}}}});
    return workload;
}

Observed a_provisioned_world() {
    Observed observed;
    observed.now = TimePoint{std::chrono::seconds{1000}};
    observed.server.reference = ServerReference::Found;
    observed.server.access = ServerAccess{
        {"db", 5432, {TlsMode::VerifyFull, "ca"}}, {"admin", Sensitive("x")}, "djangodb_operator"};
    observed.secrets.passwords =
        TenantPasswords{{LoginId::a(), Sensitive("a")}, {LoginId::migrate(), Sensitive("m")}};
    observed.secrets.app = PublishedState::UpToDate;
    TenantFacts tenant;
    tenant.claim = ClaimState::Mine;
    tenant.roles = RolesState::Complete;
    tenant.database = DatabaseState::Open;
    tenant.database_is_configured = true;
    observed.tenant = tenant;
    observed.release.gate = GateState::Intact;
    return observed;
}

Observed a_settled_world() {
    auto observed = a_provisioned_world();
    observed.release.workloads = {a_workload("web", "shop:v2"), a_workload("worker", "shop:v2")};
    for (auto& workload : observed.release.workloads) {
        workload.pods = PodsState::Complete;
    }
    let_pass(a_desired(), observed, "shop:v1");
    let_pass(a_desired(), observed, "shop:v2");
    return observed;
}

void let_pass(const Desired& desired, Observed& observed, const std::string& image) {
    const auto& applied = observed.release.applied;
    observed.tenant->passed_templates.push_back(
        {app_template_hash(a_workload("web", image), desired.object.spec.app),
         "",
         ImageRef(image),
         applied ? name_of(*applied) : "",
         "",
         ResourceUid("job of " + image)}
    );
}

JobRun a_job_run() {
    JobRun job;
    job.name = "shop-migrate-1";
    job.uid = ResourceUid("u");
    job.image = ImageRef("shop:v2");
    job.has_deadline = true;
    job.pods.emplace_back().has_started = true;
    return job;
}

JobRun a_passed_probe(const Desired& desired, const Observed& observed, const Workload& workload) {
    auto job = a_job_run();
    job.kind = JobKind::Probe;
    job.name = "shop-probe-" + workload.meta.key.name.str();
    job.uid = ResourceUid("uid of " + job.name);
    job.revision = probe_revision(desired, observed, workload);
    job.proves = probe_name(desired, observed, workload);
    end_job(job, 0, an_answer(true, "", {"orders.0002_x"}));
    return job;
}

std::string an_answer(bool ok, const std::string& reason, const std::vector<std::string>& leaves) {
    return nlohmann::json{
        {"v", 1}, {"ok", ok}, {"reason", reason}, {"message", "m"}, {"leaves", leaves}}
        .dump();
}

void end_job(JobRun& job, int exit_code, const std::string& answer, TimePoint finished) {
    job.state = exit_code == 0 ? JobState::Complete : JobState::Failed;
    job.finished = finished;
    auto& pod = job.pods.front();
    pod.is_over = true;
    pod.end = ContainerEnd{exit_code, exit_code == 0 ? "Completed" : "Error", answer, finished};
}

void let_others_run(JobRun& job) {
    job.state = JobState::Running;
    job.finished = {};
    job.pods.front().is_over = false;
    job.pods.front().others_run = true;
}

}  // namespace djdb

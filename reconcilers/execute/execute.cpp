#include "reconcilers/execute/execute.hpp"

#include "crds/api.hpp"
#include "reconcilers/execute/confirm_drop.hpp"
#include "reconcilers/execute/stored_passwords.hpp"
#include "reconcilers/manifests/backup_job.hpp"
#include "reconcilers/manifests/ca_bundle.hpp"
#include "reconcilers/manifests/job_programs.hpp"
#include "reconcilers/manifests/migration_job.hpp"
#include "reconcilers/manifests/probe_job.hpp"
#include "reconcilers/manifests/secret.hpp"
#include "reconcilers/manifests/verify_job.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <variant>

namespace djdb {
namespace {

/// One overload for each kind of step; the variant makes a forgotten one a compile error.
class Executor {
  public:
    Executor(
        const Desired& desired,
        const Observed& observed,
        Cluster& cluster,
        Database& database,
        PasswordSource& passwords,
        const CallContext& call
    )
        : desired_(desired),
          observed_(observed),
          cluster_(cluster),
          database_(database),
          passwords_(passwords),
          call_(call),
          stored_(observed.secrets.stored),
          stored_version_(observed.secrets.stored_version),
          credentials_(observed.secrets.passwords) {}

    /// Does one step. @return what people are to know of it
    std::vector<StepOutcome::Note> run(const Step& step) {
        notes_.clear();
        std::visit(*this, step);
        return std::move(notes_);
    }

    void operator()(const AddFinalizer&) {
        auto finalizers = desired_.object.meta.finalizers;
        finalizers.emplace_back(api::kFinalizer);
        cluster_.set_finalizers(desired_.object, finalizers, call_);
    }
    void operator()(const RemoveFinalizer&) {
        auto finalizers = desired_.object.meta.finalizers;
        std::erase(finalizers, api::kFinalizer);
        cluster_.set_finalizers(desired_.object, finalizers, call_);
    }
    void operator()(const StoreCredentials&) {
        store(completed(desired_, stored_, observed_.secrets.recovered, passwords_));
        credentials_ = passwords_in(desired_, stored_);
    }
    void operator()(const RemoveCredentials&) {
        cluster_.remove_operator_secret(desired_.credentials_name, call_);
    }
    void operator()(const ClaimExisting& existing) {
        tenant().claim_existing(existing.owners, call_);
    }
    void operator()(const AdoptDatabase&) {
        tenant().adopt(call_);
        tell(
            "DatabaseAdopted",
            "All in database \"" + desired_.names.database.str() + "\" belongs to " +
                desired_.names.owner.str() +
                " now. Its former owner has no rights by ownership any more; roles and passwords "
                "of others stay."
        );
    }
    void operator()(const TransferClaim& transfer) {
        tenant().transfer(call_);
        tell(
            "ClaimTransferred",
            "Database \"" + desired_.names.database.str() + "\" was taken over from " +
                transfer.holder + ", as spec.grants.transfer of PostgresServer \"" +
                desired_.object.spec.server_ref.name + "\" says. Its old passwords no longer work."
        );
    }
    void operator()(const Reattach&) { tenant().reattach(call_); }
    // Another operator may have counted an attempt whose password it has not stored yet. A number that is stored
    // before the roles have their passwords makes its write a conflict.
    void operator()(const CreateRoles&) {
        const auto seen = known(observed_.tenant).attempts;
        if (attempt_in(stored_) != seen) {
            store(with_attempt(stored_, next_attempt()));
        }
        tenant().claim_and_create_roles(credentials(), {seen, attempt_in(stored_)}, call_);
    }
    void operator()(const CreateDatabase&) { tenant().create(call_); }
    void operator()(const ConfigureDatabase&) { tenant().configure(call_); }
    void operator()(const PublishCa&) {
        cluster_.publish(render_ca_bundle(desired_, access().address.tls.ca_pem), {}, call_);
    }
    void operator()(const ProveLogins&) {
        prove(LoginId::migrate());
        prove(desired_.setup.active_login);
    }
    void operator()(const PublishSecret&) {
        publish(
            desired_.secret_name,
            desired_.setup.active_login,
            observed_.secrets.held_ca_of(desired_.secret_name)
        );
    }
    void operator()(const ProveReader& prove_reader) { prove(reader(prove_reader.reader)); }
    void operator()(const PublishReaderSecret& reader_secret) {
        const auto& name = desired_.reader_secrets.at(reader_secret.reader);
        publish(name, reader(reader_secret.reader), observed_.secrets.held_ca_of(name));
    }
    // With its Secret: the note of where that was published may be lost.
    void operator()(const RemoveReader& removal) {
        tenant().remove_reader(removal.role, call_);
        const auto& meta = desired_.object.meta;
        if (const auto secret = usual_reader_secret(desired_, removal.role)) {
            cluster_.remove_secret({meta.key.ns, *secret}, meta.uid, call_);
        }
    }
    void operator()(const RemoveReaderSecret& removal) {
        const auto& meta = desired_.object.meta;
        cluster_.remove_secret({meta.key.ns, removal.secret}, meta.uid, call_);
    }
    void operator()(const ForgetReaders&) { store(without_leftovers(desired_, stored_)); }
    void operator()(const StartProbe& start) {
        publish_programs();
        cluster_.create_job(render_probe_job(desired_, start, access()), call_);
        tell(
            "PreflightStarted",
            "Trying out the Pod template of Deployment " + start.source.meta.key.name.str() +
                " with " + start.image.str() + "."
        );
    }
    void operator()(const StartBackup& start) {
        publish_programs();
        cluster_.create_job(render_backup_job(desired_, start, access()), call_);
        tell("BackupStarted", "Backing the database up before " + start.image.str() + " migrates.");
    }
    void operator()(const StartVerify& start) {
        publish_programs();
        cluster_.create_job(render_verify_job(desired_, start, access()), call_);
        tell(
            "VerifyStarted",
            "Proving that " + start.image.str() + ", which rolled out, reads and writes."
        );
    }
    // A Pod that nobody sees any more, on a lost node, may have the password of an earlier attempt and a session that
    // holds its locks. The order is that of the crash, and of a second operator, between any two: whoever counted
    // last goes on; a password is stored before the login has it; no Secret and no Job while a session is left.
    void operator()(const StartMigration& start) {
        cluster_.require_no_running_migration(desired_.object, call_);
        publish_programs();
        refuse_foreign_secret(desired_.migration_name);
        const auto attempt = next_attempt();
        tenant().count_attempt({known(observed_.tenant).attempts, attempt}, call_);
        store(with_attempt(with_new_password(stored_, LoginId::migrate(), passwords_), attempt));
        credentials_ = passwords_in(desired_, stored_);
        const auto& password = credentials().at(LoginId::migrate());
        tenant().lock_out_earlier_attempts(attempt, password, call_);
        const auto applied = tenant().read_migrations(start.recorded_in, password, call_);
        tenant().record_judgements(start.judged, applied.names, call_);
        // The Job finds what the app's Pods find: a template may mount the Secret's ca.crt.
        publish(
            desired_.migration_name,
            LoginId::migrate(),
            observed_.secrets.held_ca_of(desired_.secret_name)
        );
        cluster_.create_job(render_migration_job(desired_, start, access()), call_);
        tell("MigrationStarted", "Migrating the database for " + start.image.str() + ".");
    }
    void operator()(const CancelMigration& cancel) {
        const auto& ns = desired_.object.meta.key.ns;
        cluster_.cancel_job({ns, ObjectName(cancel.job)}, cancel.uid, call_);
        tell(
            "MigrationCancelled",
            "Job " + cancel.job + " never started and its Pod template was replaced."
        );
    }
    void operator()(const RemoveJob& removal) {
        const auto& ns = desired_.object.meta.key.ns;
        cluster_.remove_job({ns, ObjectName(removal.job)}, removal.uid, call_);
        tell(
            "JobRemoved",
            "Job " + removal.job +
                " is not needed any more: it has done its part, or its Pod template was replaced."
        );
    }
    void operator()(const LiftJobDeadline& lift) {
        const auto& ns = desired_.object.meta.key.ns;
        cluster_.lift_job_deadline({ns, ObjectName(lift.job)}, lift.uid, call_);
    }
    void operator()(const RecordPassed& passed) {
        tenant().record_passed(passed.templates, call_);
        const auto& first = passed.templates.front();
        if (!first.job.str().empty()) {
            tell("ImagePassed", first.image.str() + " passed: its migrations are in the database.");
        }
    }
    void operator()(const RecordVerified& verified) {
        tenant().record_verified(verified.templates, verified.said, call_);
        tell(
            "ReleaseVerified", verified.templates.front().image.str() + " works: " + verified.said
        );
    }
    void operator()(const OpenGate& open) {
        cluster_.open_gate(open.workload, call_);
        tell("GateOpened", "Deployment " + open.workload.meta.key.name.str() + " rolls out.");
    }
    void operator()(const ExpireJobs& expire) {
        for (const auto& job : expire.jobs) {
            cluster_.arm_job_ttl({desired_.object.meta.key.ns, ObjectName(job)}, call_);
        }
    }
    void operator()(const RetireTenant&) {
        const auto kept = tenant().retire(call_);
        for (const auto& sentence : kept) {
            notes_.push_back({true, "LoginKept", sentence});
        }
    }
    void operator()(const DropTenant&) {
        confirm_drop(desired_, observed_, cluster_, call_);
        tenant().drop(call_);
        tell(
            "DatabaseDropped",
            "Database \"" + desired_.names.database.str() + "\" and its roles were dropped."
        );
    }
    void operator()(const Announce& said) {
        cluster_.emit_event(
            said.is_warning ? warning_event(desired_.object, said.reason, said.message)
                            : normal_event(desired_.object, said.reason, said.message),
            call_
        );
    }

  private:
    /// Once for all Jobs of a run.
    void publish_programs() {
        if (!has_published_programs_) {
            cluster_.publish(render_job_programs(desired_), {}, call_);
            has_published_programs_ = true;
        }
    }
    void store(SecretData passwords) {
        stored_version_ = cluster_.write_operator_secret(
            desired_.credentials_name, passwords, stored_version_, call_
        );
        stored_ = std::move(passwords);
    }
    /// Also after a restore, when the server has counted less than we have stored.
    [[nodiscard]] std::int64_t next_attempt() const {
        return std::max(attempt_in(stored_), known(observed_.tenant).attempts) + 1;
    }
    [[nodiscard]] LoginId reader(std::size_t index) const {
        return LoginId::reader(desired_.names.readers.at(index).name);
    }
    void prove(const LoginId& login) {
        tenant().prove_login(login, credentials().at(login), call_);
    }
    void publish(const ObjectName& secret, const LoginId& login, const std::string& ca) {
        cluster_.publish(
            render_secret(desired_, secret),
            render_secret_data(
                desired_, access(), desired_.names.role(login), credentials().at(login), ca
            ),
            call_
        );
    }
    /// What publish() would refuse, before anything that a refusal would leave half done.
    void refuse_foreign_secret(const ObjectName& name) {
        const auto& meta = desired_.object.meta;
        const auto found = cluster_.read_secret({meta.key.ns, name}, call_);
        if (found && found->controller != meta.uid) {
            cluster_.publish(render_secret(desired_, name), {}, call_);
        }
    }
    void tell(std::string reason, std::string message) {
        notes_.push_back({false, std::move(reason), std::move(message)});
    }
    // Stages plan these steps only when both are there or planned before; else value() throws, which
    // would be a defect of ours.
    [[nodiscard]] const ServerAccess& access() const {
        // NOLINTNEXTLINE(bugprone-unchecked-optional-access): it is to throw
        return observed_.server.access.value();
    }
    TenantDatabase& tenant() {
        if (!tenant_) {
            tenant_ = database_.of(access(), desired_.tenant());
        }
        return *tenant_;
    }
    [[nodiscard]] const TenantPasswords& credentials() const {
        // NOLINTNEXTLINE(bugprone-unchecked-optional-access): it is to throw
        return credentials_.value();
    }

    const Desired& desired_;
    const Observed& observed_;
    Cluster& cluster_;
    Database& database_;
    PasswordSource& passwords_;
    const CallContext& call_;
    std::unique_ptr<TenantDatabase> tenant_;
    SecretData stored_;
    std::string stored_version_;
    std::optional<TenantPasswords> credentials_;
    bool has_published_programs_ = false;
    std::vector<StepOutcome::Note> notes_;
};

/// @return false when the lane ends here
bool execute_step(
    Executor& executor, const Step& step, const WriteBackoffs& backoffs, StepOutcome& outcome
) {
    outcome.step = id_of(step);
    if (const auto held = backoffs.find(outcome.step); held != backoffs.end()) {
        outcome.failure = held->second.failure;
        outcome.not_before = held->second.until;
        return false;
    }
    try {
        outcome.notes = executor.run(step);
    } catch (const Error& error) {
        outcome.failure = error.failure();
    }
    return !outcome.failure;
}

void execute_lane(
    Executor& executor,
    const LaneAssessment& lane,
    const WriteBackoffs& backoffs,
    Outcomes& outcomes
) {
    for (const auto& result : lane.results) {
        for (const auto& step : steps_of(result.verdict)) {
            auto& outcome = outcomes.emplace_back();
            outcome.lane = lane.lane->id;
            outcome.stage = result.condition;
            if (!execute_step(executor, step, backoffs, outcome)) {
                return;
            }
        }
    }
}

}  // namespace

Outcomes execute(
    const Assessment& assessment,
    const WriteBackoffs& backoffs,
    const Desired& desired,
    const Observed& observed,
    Cluster& cluster,
    Database& database,
    PasswordSource& passwords,
    const CallContext& call
) {
    Executor executor(desired, observed, cluster, database, passwords, call);
    Outcomes outcomes;
    for (const auto& lane : assessment.lanes) {
        if (lane.lane->mode == Mode::Apply) {
            execute_lane(executor, lane, backoffs, outcomes);
        }
    }
    return outcomes;
}

}  // namespace djdb

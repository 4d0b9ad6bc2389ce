// What somebody else does between a look and the act that follows it: the act finds it out.
#include "controller/postgres/session/scram.hpp"
#include "reconcilers/sql/provision/database.hpp"
#include "reconcilers/sql/provision/roles.hpp"
#include "reconcilers/sql/remove/drop.hpp"
#include "tests/postgres/live_server.hpp"
#include "tests/support/a_pass.hpp"

#include <algorithm>
#include <functional>

namespace djdb::postgres {
namespace {

class Swapped : public LiveServer {
  protected:
    Swapped() : names_(fresh_tenant()), claimant_(claimant_of(names_)) {}
    ~Swapped() override {
        for (const auto& database : {name_, aside_, other_}) {
            if (!oid_of(database).empty()) {
                as_superuser("DROP DATABASE " + database + " WITH (FORCE)");
            }
        }
    }

    /// The other database has the tenant's name; nothing happens where a transaction holds it.
    void swap() const {
        as_superuser(
            "SET lock_timeout = '300ms'; DO 'BEGIN ALTER DATABASE " + name_ + " RENAME TO " +
            aside_ + "; ALTER DATABASE " + other_ + " RENAME TO " + name_ +
            "; EXCEPTION WHEN lock_not_available THEN NULL; END'"
        );
    }
    void swap_back() const {
        as_superuser(
            "DO 'BEGIN IF EXISTS (SELECT FROM pg_database WHERE datname = ''" + aside_ +
            "'') THEN ALTER DATABASE " + name_ + " RENAME TO " + other_ + "; ALTER DATABASE " +
            aside_ + " RENAME TO " + name_ + "; END IF; END'"
        );
    }
    static std::string oid_of(const std::string& database) {
        return as_superuser("SELECT oid FROM pg_database WHERE datname = '" + database + "'");
    }
    static std::string state_of(const std::string& oid) {
        return as_superuser(
            "SELECT concat_ws(' ', datdba::regrole, datallowconn, datconnlimit, datacl) FROM "
            "pg_database WHERE oid = " +
            oid
        );
    }
    [[nodiscard]] std::string noted_oid() const {
        return as_superuser(
            "SELECT coalesce(database_oid::text, '') FROM djangodb.claim WHERE database = '" +
                name_ + "'",
            "djangodb"
        );
    }
    /// All of the batch in one transaction, with this before the statement of that number.
    /// @return the code of what refused it, or nothing
    std::string run_with(
        const sql::Batch& batch, std::size_t place, const std::function<void()>& meanwhile
    ) {
        const auto session =
            Connection::open(admin_endpoint(access_.maintenance_database), call_for());
        try {
            session->run({"BEGIN"}, call_for());
            for (std::size_t i = 0; i < batch.size(); ++i) {
                if (i == place) {
                    meanwhile();
                }
                session->run(batch[i], call_for());
            }
            session->run({"COMMIT"}, call_for());
        } catch (const Error& error) {
            return error.failure().code;
        }
        return "";
    }

    TenantNames names_;
    std::string name_ = names_.database.str();
    std::string aside_ = name_ + "_aside";
    std::string other_ = name_ + "_other";
    Claimant claimant_;
};

TEST_F(Swapped, DatabaseAmidItsConfiguration) {
    database_of(names_, claimant_)->claim_and_create_roles(passwords_, {}, call_for());
    database_of(names_)->create(call_for());
    as_superuser("CREATE DATABASE " + other_);
    const auto ours = oid_of(name_);
    const auto others = oid_of(other_);
    const auto untouched = state_of(others);
    for (const bool is_configured : {false, true}) {
        const auto batch = sql::configure_database(names_, setup_, claimant_, server_version());
        for (std::size_t place = 0; place < batch.size(); ++place) {
            run_with(batch, place, [&] { swap(); });
            EXPECT_EQ(state_of(others), untouched) << "swapped before statement " << place;
            EXPECT_NE(noted_oid(), others) << "swapped before statement " << place;
            swap_back();
        }
        ASSERT_EQ(oid_of(name_), ours);
        if (!is_configured) {
            database_of(names_, claimant_)->configure(call_for());
            EXPECT_EQ(noted_oid(), ours);
        }
    }
}

TEST_F(Swapped, DatabaseBeforeItsContentsAreArranged) {
    provision(names_, claimant_);
    as_superuser("CREATE DATABASE " + other_);
    const auto ours = oid_of(name_);
    swap();
    const auto session = Connection::open(admin_endpoint(name_), call_for());
    EXPECT_EQ(
        failure_of([&] { session->run(sql::require_this_database(ours), call_for()); }).code,
        "DJ003"
    );
    EXPECT_NO_THROW(session->run(sql::require_this_database(oid_of(name_)), call_for()));
}

TEST_F(Swapped, ClaimWhileItsDatabaseIsBeingDropped) {
    provision(names_, claimant_);
    auto next = claimant_of(names_, "uid-2");
    next.key.ns = Namespace("elsewhere");
    {
        const auto dropping =
            Connection::open(admin_endpoint(access_.maintenance_database), call_for());
        EXPECT_EQ(dropping->run(sql::begin_dropping(names_), call_for()).at(0).at(0), "t");
        EXPECT_FALSE(dropping->run(sql::find_droppable(names_, claimant_), call_for()).empty());
        // Else the database would be dropped under its new holder.
        const auto failure = failure_of([&] {
            database_of(names_, next)->transfer(call_for(std::chrono::seconds{2}));
        });
        EXPECT_EQ(failure.kind, FailureClass::Transient) << failure.message;
        EXPECT_FALSE(dropping->run(sql::find_droppable(names_, claimant_), call_for()).empty());
    }
    database_of(names_, next)->transfer(call_for());
    EXPECT_EQ(
        failure_of([&] { database_of(names_, claimant_)->drop(call_for()); }).reason,
        Reason::ClaimLost
    );
    EXPECT_NE(oid_of(name_), "");
}

// Or the gate would open for an image whose migrations are in the database that is gone.
TEST_F(Swapped, ImageIsRecordedForTheClaimedDatabaseOrRefused) {
    provision(names_, claimant_);
    const auto record = [&] {
        return failure_of([&] {
                   database_of(names_, claimant_)->record_passed({a_pass("shop:v1")}, call_for());
               }
        ).reason;
    };
    as_superuser("ALTER DATABASE " + name_ + " RENAME TO " + aside_);
    EXPECT_EQ(record(), Reason::AdoptionNotGranted) << "none has the name";
    as_superuser("CREATE DATABASE " + name_);
    EXPECT_EQ(record(), Reason::AdoptionNotGranted) << "another one has the name";
    as_superuser("DROP DATABASE " + name_);
    as_superuser("ALTER DATABASE " + aside_ + " RENAME TO " + name_);
    EXPECT_TRUE(database_of(names_, claimant_)->inspect(call_for()).passed_images.empty());
    EXPECT_NO_THROW(database_of(names_, claimant_)->record_passed({a_pass("shop:v1")}, call_for()));
}

TEST_F(Swapped, RoleThatAppearsAfterTheCheckIsNotTakenOver) {
    const auto batch = sql::claim_and_create_roles(
        names_, setup_, claimant_, verifiers_of(passwords_), {}, server_version()
    );
    const auto role = names_.login_a.str();
    const auto state = [&] {
        return as_superuser(
            "SELECT concat_ws(' ', rolcanlogin, rolconnlimit, rolpassword, shobj_description(oid, "
            "'pg_authid'), (SELECT count(*) FROM pg_auth_members WHERE member = r.oid)) FROM "
            "pg_authid r WHERE rolname = '" +
            role + "'"
        );
    };
    std::string theirs;
    // Right after the names were taken, which is the last thing before roles are made.
    const auto made = std::ranges::find_if(batch, [](const sql::Statement& one) {
        return one.text.find("CREATE ROLE") != std::string::npos;
    });
    const auto code = run_with(batch, static_cast<std::size_t>(made - batch.begin()), [&] {
        as_superuser("CREATE ROLE " + role + " LOGIN CONNECTION LIMIT 7");
        theirs = state();
    });
    EXPECT_EQ(code, "DJ002");
    EXPECT_EQ(state(), theirs);
    as_superuser("DROP ROLE " + role);
    EXPECT_EQ(end_state(names_), "");
}

}  // namespace
}  // namespace djdb::postgres

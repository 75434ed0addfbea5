CREATE TABLE "call" (
	"id" text PRIMARY KEY NOT NULL,
	"channel_id" text NOT NULL,
	"caller_number" text,
	"dialled" text NOT NULL,
	"recording" text NOT NULL,
	"state" text NOT NULL,
	"arrived_at" timestamp (3) with time zone NOT NULL,
	"queue" text,
	"queued_at" timestamp (3) with time zone,
	"offer_count" integer DEFAULT 0 NOT NULL,
	"seat" text,
	"agent_id" text,
	"answered_at" timestamp (3) with time zone,
	"wait_ms" integer,
	"talk_ms" integer,
	"ended_at" timestamp (3) with time zone,
	"ended_by" text,
	"end_cause" text,
	"ended_during" text,
	"q850" integer
);
--> statement-breakpoint
CREATE TABLE "call_timeline" (
	"entry_id" bigint PRIMARY KEY NOT NULL,
	"call_id" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"type" text NOT NULL,
	"data" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "journal_position" (
	"one" smallint PRIMARY KEY NOT NULL,
	"applied" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "journal_rejected" (
	"entry_id" bigint PRIMARY KEY NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"type" text NOT NULL,
	"data" jsonb,
	"error" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "policy" (
	"name" text NOT NULL,
	"holds_from" timestamp (3) with time zone NOT NULL,
	"value" jsonb NOT NULL,
	CONSTRAINT "policy_name_holds_from_pk" PRIMARY KEY("name","holds_from")
);
--> statement-breakpoint
CREATE TABLE "queue" (
	"name" text PRIMARY KEY NOT NULL,
	"label_zh" text NOT NULL,
	"label_en" text NOT NULL,
	"language" text NOT NULL,
	"skill" text,
	"skill_level" integer,
	"offer_timeout_ms" integer NOT NULL,
	"wrap_up_ms" integer NOT NULL,
	"announce_every_ms" integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE "routing_ledger" (
	"entry_id" bigint PRIMARY KEY NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"call_id" text NOT NULL,
	"offer" integer NOT NULL,
	"queue" text NOT NULL,
	"seat" text NOT NULL,
	"reason" text NOT NULL,
	"candidates" jsonb NOT NULL,
	"candidate_count" integer NOT NULL,
	"waiting_count" integer NOT NULL,
	"input_version" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "agent_skill" (
	"agent_id" text PRIMARY KEY NOT NULL,
	"skills" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "seat_change" (
	"entry_id" bigint PRIMARY KEY NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"seat" text NOT NULL,
	"agent_id" text NOT NULL,
	"from_state" text,
	"to_state" text,
	"reason" text NOT NULL,
	"call_id" text
);
--> statement-breakpoint
CREATE TABLE "seat" (
	"seat" text PRIMARY KEY NOT NULL
);
--> statement-breakpoint
CREATE INDEX "call_arrived_at" ON "call" USING btree ("arrived_at" DESC NULLS LAST,"id");--> statement-breakpoint
CREATE INDEX "call_caller" ON "call" USING btree ("caller_number","arrived_at" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "call_agent" ON "call" USING btree ("agent_id","arrived_at" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "call_timeline_call" ON "call_timeline" USING btree ("call_id","entry_id");--> statement-breakpoint
CREATE INDEX "routing_ledger_call" ON "routing_ledger" USING btree ("call_id","offer");--> statement-breakpoint
CREATE INDEX "seat_change_agent" ON "seat_change" USING btree ("agent_id","at");--> statement-breakpoint
CREATE INDEX "seat_change_seat" ON "seat_change" USING btree ("seat","at");
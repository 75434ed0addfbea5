-- W15: what happened to a ticket can be added to, never changed or taken away.
CREATE FUNCTION refuse_ticket_history_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'ticket_history is append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;
--> statement-breakpoint
CREATE TRIGGER ticket_history_append_only
	BEFORE UPDATE OR DELETE OR TRUNCATE ON "ticket_history"
	FOR EACH STATEMENT EXECUTE FUNCTION refuse_ticket_history_change();

import { Notification } from '@jupyterlab/apputils';

/** Does something that the user asked for, and tells what went wrong. */
export function telling(action: () => Promise<void>): void {
  action().catch((error: unknown) => {
    Notification.error(error instanceof Error ? error.message : String(error), { autoClose: false });
  });
}

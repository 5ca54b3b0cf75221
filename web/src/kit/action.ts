import { useMutation, useQueryClient } from '@tanstack/react-query'
import { App } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Refused } from '../api/client'
import { Lock } from './lock'
import { problemText } from './problem'

/** A form that its own rules keep back; nothing was sent. */
export class Incomplete extends Error {
  constructor(readonly fields: number) {
    super('fields of the form are wrong')
  }
}

/** A refusal that a dialog has told already. */
export class Told extends Error {}

/** A write: begun once for each click, refreshes what is shown, says that it is done or why not. */
export function useAction<In, Out>(run: (input: In) => Promise<Out>, done?: (out: Out) => void, success?: string) {
  const client = useQueryClient()
  const { message } = App.useApp()
  const { t } = useTranslation()
  const [lock] = useState(() => new Lock<Out>())
  const mutation = useMutation({
    mutationFn: run,
    onSuccess: async (out: Out) => {
      if (success) message.success(success)
      await client.invalidateQueries()
      done?.(out)
    },
    onError: (e: unknown) => {
      if (e instanceof Told) void client.invalidateQueries()
      else if (e instanceof Refused) {
        message.error(problemText(t, e.problem), 6)
        // What is decided anew is shown as it is now.
        if (e.problem.status === 409) void client.invalidateQueries()
      } else if (e instanceof Incomplete) message.error(t('form.wrong', { count: e.fields }), 6)
      else message.error(t('problem.network'), 6)
    },
  })
  const mutateAsync = (input: In) => lock.run(input, () => mutation.mutateAsync(input))
  const mutate = (input: In) => {
    mutateAsync(input).catch(() => undefined) // said by onError
  }
  return { ...mutation, mutate, mutateAsync }
}
